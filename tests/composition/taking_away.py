"""Plants people with keys, then takes away what it is told to: `python -m tests.composition.taking_away '{}'`.

Prints what each of them asks with as one line of JSON; then, for each word on its input, when it was taken away.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from allotment.site.starting import start_django

start_django()

from allotment.engine.principals import Actor, Role  # noqa: E402 - features need Django started
from allotment.llms.models import LanguageModel  # noqa: E402
from allotment.llms.offering import turn_off  # noqa: E402
from allotment.llms.queries import api_name_of  # noqa: E402
from allotment.microapps.models import MicroApp  # noqa: E402
from allotment.microapps.parking import park  # noqa: E402
from allotment.people.api_keys.issuing import IssuedKey, WantedKey, issue  # noqa: E402
from allotment.people.api_keys.revoking import revoke  # noqa: E402
from allotment.people.granting import set_roles  # noqa: E402
from allotment.people.leaving import deactivate  # noqa: E402
from allotment.people.models import Person, Space  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.prompts.models import TemplateVersion  # noqa: E402
from allotment.prompts.recalling import recall  # noqa: E402
from tests.planting import APP, organisation, person  # noqa: E402

TakeAway = Callable[[Actor, IssuedKey], object]


@dataclass(frozen=True)
class Caller:
    """Who asks, and with what."""

    key: str
    model: str
    template: str
    variables: dict[str, str]


def main() -> None:
    """Plant, then follow the words on the input."""
    made = organisation({})
    model = LanguageModel.objects.get(connection__kind="scripted")
    steward, officer = (actor_of(made[role.value]) for role in (Role.STEWARD, Role.OFFICER))
    maker = actor_of(made[Role.MAKER.value])
    app = MicroApp.objects.get(slug=APP)
    template = TemplateVersion.objects.get(family__name="customer-reply", number=1)
    away: dict[str, TakeAway] = {
        "person": lambda who, _: deactivate(None, who.person),
        "role": lambda who, _: set_roles(None, who.person, frozenset({Role.AUDITOR})),
        "key": lambda _, key: revoke(None, key.id),
        "app": lambda *_: park(app.id, maker),
        "template": lambda *_: recall(template.id, steward.person, "It promises too much."),
        "model": lambda *_: turn_off(model.id, officer),
    }
    space = Space.objects.get()
    callers = {word: actor_of(_colleague(word, space)) for word in away if word != "app"} | {"app": maker}
    keys = {
        word: issue(who, WantedKey(word, app=app.id if word == "app" else None))
        for word, who in callers.items()
    }
    name = api_name_of(model.id)
    told = {word: asdict(Caller(key.text, name, *_prompt(word))) for word, key in keys.items()}
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        word = line.strip()
        away[word](callers[word], keys[word])
        print(time.time(), flush=True)


def _prompt(word: str) -> tuple[str, dict[str, str]]:
    if word == "model":  # it is taken away last, when the other template is gone
        return "sort-into-topics", {"text": "Where is my card?", "choices": "card, transfer"}
    return "customer-reply", {"customer_query": "Where is my card?", "industry": "banking"}


def _colleague(word: str, space: Space) -> Person:
    return person(Role.COLLEAGUE, space, f"{word}@example.org")


if __name__ == "__main__":
    main()
