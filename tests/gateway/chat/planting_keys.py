"""Make keys in an installation, or take away what they rest on: `python -m tests.gateway.chat.planting_keys '{}'`.

Without a choice it makes an organisation and prints keys by whose they are; with `{"take_away": keys}` it revokes the
maker's, deactivates the colleague, parks the app and recalls a template.
"""

import json
import sys
from uuid import UUID

from allotment.site.starting import start_django

start_django()

from allotment.engine.principals import Role  # noqa: E402 - features need Django started
from allotment.microapps.parking import park  # noqa: E402
from allotment.microapps.queries import app_for  # noqa: E402
from allotment.people.api_keys import freeing, revoking  # noqa: E402
from allotment.people.api_keys.issuing import WantedKey, issue  # noqa: E402
from allotment.people.leaving import deactivate  # noqa: E402
from allotment.people.queries import actor_of, person_by_email  # noqa: E402
from allotment.prompts.models import TemplateVersion  # noqa: E402
from allotment.prompts.recalling import recall  # noqa: E402
from tests import planting  # noqa: E402

RECALLED = "shorten"


def main() -> None:
    """Make or take away, and say what was made."""
    choices = json.loads(sys.argv[1])
    print(json.dumps(_take_away(choices["take_away"]) if choices else _make()))


def _make() -> dict[str, str]:
    people = {role: actor_of(row) for role, row in planting.organisation({}).items()}
    maker, colleague, steward = (people[role] for role in (Role.MAKER, Role.COLLEAGUE, Role.STEWARD))
    app = app_for(maker, planting.APP).id
    free = issue(steward, WantedKey("free"))
    freeing.ask_for_free_form(steward, free.id, "To compare wordings with each other.")
    freeing.grant_free_form(people[Role.OFFICER], free.id, days=7)
    made = issue(maker, WantedKey("maker"))
    return {
        "maker": made.text,
        "maker_id": str(made.id),
        "colleague": issue(colleague, WantedKey("colleague")).text,
        "app": issue(maker, WantedKey("app", app=app)).text,
        "free": free.text,
    }


def _take_away(keys: dict[str, str]) -> dict[str, str]:
    maker = actor_of(person_by_email("maker@example.org").id)
    version = TemplateVersion.objects.get(family__name=RECALLED, number=1)
    revoking.revoke(None, UUID(keys["maker_id"]))
    deactivate(None, person_by_email("colleague@example.org").id)
    park(app_for(maker, planting.APP).id, maker)
    recall(version.id, person_by_email("steward@example.org").id, "It promises too much.")
    return {}


if __name__ == "__main__":
    main()
