"""Make a small organisation in an installation of its own process: `python -m tests.planting '{}'`.

Prints, as JSON on the last line, the e-mail address of a person per role and the slug of a published app.
"""

import json
import sys
from pathlib import Path
from typing import Any

from allotment.site.starting import start_django

start_django()

from allotment.composition.preparing import prepare  # noqa: E402 - features need Django started
from allotment.engine.principals import Role  # noqa: E402
from allotment.llms.models import Connection  # noqa: E402
from allotment.microapps.exchanging import push  # noqa: E402
from allotment.microapps.publishing import publish  # noqa: E402
from allotment.microapps.queries import review  # noqa: E402
from allotment.microapps.releasing import WantedReach  # noqa: E402
from allotment.microapps.reviewing import approve  # noqa: E402
from allotment.microapps.saving import save_version  # noqa: E402
from allotment.microapps.states import Audience  # noqa: E402
from allotment.people.models import Membership, Person, RoleGrant, Space  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from tests.serving import PASSWORD  # noqa: E402

APP = "customer-reply"
"""The published app."""


def main() -> None:
    """Plant, and say what was planted."""
    made = organisation(json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}"))
    print(json.dumps({**{role: person.email for role, person in made.items()}, "app": APP}))


def organisation(choices: dict[str, Any]) -> dict[str, Person]:
    """Make a space with a person of every role and the published app; return the people by role."""
    prepare()
    space, _ = Space.objects.get_or_create(name="Service desk", defaults={"purpose": "Answers customers"})
    made = {role.value: person(role, space) for role in Role}
    if "scripted" in choices:
        Connection.objects.filter(kind="scripted").update(values=choices["scripted"])
    _publish_app(made, space)
    return made


def _publish_app(made: dict[str, Person], space: Space) -> None:
    maker, reviewer = actor_of(made[Role.MAKER.value]), actor_of(made[Role.REVIEWER.value])
    pushed = push(maker, (Path(__file__).parent / "customer_reply.yaml").read_text(encoding="utf-8"))
    save_version(pushed.app.id, maker, "first")
    published = publish(pushed.app.id, maker, WantedReach(Audience.SPACE, space.id))
    if published.review is not None:
        approve(published.review, reviewer, review(published.review).digest)


def person(role: Role, space: Space, email: str = "") -> Person:
    """Return the person with this role in this space, made on first use."""
    email = email or f"{role.value}@example.org"
    name = email.partition("@")[0].capitalize()
    row, is_new = Person.objects.get_or_create(email=email, defaults={"name": name})
    if is_new:
        row.set_password(PASSWORD)
        row.save()
        RoleGrant.objects.create(person=row, role=role.value)
        Membership.objects.create(person=row, space=space)
    return row


if __name__ == "__main__":
    main()
