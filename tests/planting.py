"""Make a small organisation in an installation of its own process: `python -m tests.planting '{}'`.

Prints, as JSON on the last line, the e-mail address of a person per role and the slug of a published app.
"""

import json
import sys

from allotment.site.starting import start_django

start_django()

from allotment.composition.preparing import prepare  # noqa: E402 - features need Django started
from allotment.engine.principals import Role  # noqa: E402
from allotment.microapps.making import make_from_starter  # noqa: E402
from allotment.microapps.publishing import publish  # noqa: E402
from allotment.microapps.saving import save_version  # noqa: E402
from allotment.microapps.values import Named, Reach  # noqa: E402
from allotment.people.models import Membership, Person, RoleGrant, Space  # noqa: E402
from allotment.people.queries import actor_of  # noqa: E402
from tests.serving import PASSWORD  # noqa: E402


def main() -> None:
    """Plant, and say what was planted."""
    json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")
    prepare()
    space, _ = Space.objects.get_or_create(name="Service desk", defaults={"purpose": "Answers customers"})
    made = {role.value: _person(role, space) for role in Role}
    print(json.dumps({**{role: person.email for role, person in made.items()}, "app": "customer-reply"}))


def _person(role: Role, space: Space) -> Person:
    email = f"{role.value}@example.org"
    person, is_new = Person.objects.get_or_create(email=email, defaults={"name": role.value.capitalize()})
    if is_new:
        person.set_password(PASSWORD)
        person.save()
        RoleGrant.objects.create(person=person, role=role.value)
        Membership.objects.create(person=person, space=space)
    return person


if __name__ == "__main__":
    main()
