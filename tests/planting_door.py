"""Make an organisation, and an API key with plenty of room: `python -m tests.planting_door '{}'`.

Prints, as JSON on the last line, what `tests.planting` prints, and `key`, `model` and `template` for the door.
"""

import json
import sys

from allotment.site.starting import start_django

start_django()

from allotment.engine.gate.budgets import Measure, Period, Scope  # noqa: E402 - features need Django started
from allotment.engine.principals import Role  # noqa: E402
from allotment.people.api_keys.issuing import WantedKey, issue  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from allotment.policies.budgets.setting import NewBudget, set_budget  # noqa: E402
from tests import planting  # noqa: E402

TEMPLATE = ("shorten", 1)


def main() -> None:
    """Plant, and say what was planted."""
    made = planting.organisation(json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}"))
    administrator = actor_of(made[Role.ADMINISTRATOR.value])
    for measure, period in (
        (Measure.CALLS, Period.MINUTE),
        (Measure.TOKENS, Period.DAY),
        (Measure.AT_ONCE, Period.NONE),
    ):
        set_budget(administrator, NewBudget(Scope.PERSON, "", measure, period, None, "a test under load"))
    key = issue(actor_of(made[Role.MAKER.value]), WantedKey("load")).text
    told = {role: person.email for role, person in made.items()}
    print(json.dumps({**told, "app": planting.APP, "key": key, "template": TEMPLATE, "model": "default"}))


if __name__ == "__main__":
    main()
