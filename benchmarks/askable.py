"""Prepares this process's installation for programs: `python -m benchmarks.askable PROVIDER PEOPLE` prints how to ask.

A key of each of some people, a template that another one approved, and a model with a price behind a provider on
loopback. Budgets stay in force, far from their ends, so that calls are counted and none is refused.
"""

import json
import sys
from datetime import UTC, datetime
from uuid import UUID

from allotment.site.starting import start_django

start_django()

from allotment.composition.installation import opened  # noqa: E402 - features need Django started
from allotment.composition.preparing import prepare  # noqa: E402
from allotment.engine.gate.budgets import Measure, Period, Scope  # noqa: E402
from allotment.engine.principals import Actor, Role  # noqa: E402
from allotment.engine.spec.app import DataClass  # noqa: E402
from allotment.llms import connecting, offering  # noqa: E402
from allotment.llms.queries import api_name_of, models_of  # noqa: E402
from allotment.people.api_keys.issuing import WantedKey, issue  # noqa: E402
from allotment.people.inviting import Invitation, invite  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.people.setting_up import NewAccount, use_link  # noqa: E402
from allotment.policies.budgets.setting import NewBudget, set_budget  # noqa: E402
from allotment.prompts.approving import approve  # noqa: E402
from allotment.prompts.proposing import propose  # noqa: E402
from allotment.prompts.wording import worded  # noqa: E402
from allotment.prompts.writing import About, new_family  # noqa: E402

_SYSTEM = "You write short, polite replies for the service desk."
_USER = "Answer this message.\n\n{message}"
_PLENTY = 10**15
_BUDGETS = (
    (Scope.PERSON, Measure.CALLS, Period.MINUTE),
    (Scope.PERSON, Measure.AT_ONCE, Period.NONE),
    (Scope.PERSON, Measure.TOKENS, Period.DAY),
    (Scope.PERSON, Measure.MONEY, Period.MONTH),
    (Scope.ORGANISATION, Measure.MONEY, Period.MONTH),
)


def main() -> None:
    """Prepare, and say how to ask."""
    prepare()
    author, approver = _person("Author"), _person("Approver")
    for scope, measure, period in _BUDGETS:
        set_budget(author, NewBudget(scope, "", measure, period, _PLENTY, "Measuring"))
    version = propose(new_family(About("Reply"), worded(_SYSTEM, _USER), author.person).id, author.person)
    approve(version.id, approver.person, seen_digest=version.digest)
    with opened():
        model = _model(int(sys.argv[1]), author)
    people = [_person(f"Person{number}") for number in range(int(sys.argv[2]))]
    keys = [issue(person, WantedKey("Measuring")).text for person in people]
    name, _, number = version.reference.partition("@")
    prompt = {"id": name, "version": int(number)}
    print(json.dumps({"keys": keys, "model": api_name_of(model), "prompt": prompt}))


def _person(name: str) -> Actor:
    email = f"{name.lower()}@example.org"
    link = invite(None, Invitation(name, email, frozenset(Role), frozenset()))
    return actor_of(use_link(link.secret, NewAccount(name, email, f"measuring {datetime.now(UTC):%c}")))


def _model(port: int, actor: Actor) -> UUID:
    values = {"endpoint": f"http://127.0.0.1:{port}/v1", "key": "sk-measured", "network": "local"}
    connection = connecting.connect(connecting.NewConnection("openai_compatible", "Loopback", values), actor)
    model = models_of(connection)[0].id
    offering.set_terms(model, offering.Terms("Measured", DataClass.INTERNAL, 512, 150, 600), actor)
    offering.turn_on(model, actor)
    return model


if __name__ == "__main__":
    main()
