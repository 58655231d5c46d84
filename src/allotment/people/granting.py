"""Giving and taking roles.

Invariant: somebody active is always administrator. Each role given or taken is one journal entry.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Role
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, NotFound
from allotment.people.models import Person, RoleGrant


@transaction.atomic
def set_roles(by: Actor | None, person_id: UUID, roles: frozenset[Role]) -> None:
    """Make `roles` the roles of this person; raises `Conflict` when nobody would be administrator."""
    row = Person.objects.filter(id=person_id).first()
    if row is None:
        raise NotFound(_("There is no such person."), hint=_("Choose one from the list of people."))
    if Role.ADMINISTRATOR not in roles:
        keep_an_administrator(without=row.id)
    replace_roles(by, row, roles)


def replace_roles(by: Actor | None, row: Person, roles: frozenset[Role]) -> None:
    """Store the difference between the roles a person has and `roles`, inside the caller's transaction."""
    held = frozenset(row.role_grants.values_list("role", flat=True))
    wanted = frozenset(role.value for role in roles)
    for role in sorted(held - wanted):
        row.role_grants.filter(role=role).delete()
        _note(by, row, what="role taken", role=role)
    for role in sorted(wanted - held):
        RoleGrant.objects.create(person=row, role=role, granted_by_id=by.person if by else None)
        _note(by, row, what="role given", role=role)


def keep_an_administrator(*, without: UUID) -> None:
    """Raise `Conflict` unless somebody active other than `without` is administrator."""
    administrators = RoleGrant.objects.select_for_update().filter(
        role=Role.ADMINISTRATOR.value, person__is_active=True
    )
    holders = set(administrators.values_list("person_id", flat=True))
    if holders == {without}:
        raise Conflict(
            _("This is the only administrator, and somebody has to be one."),
            hint=_("Make somebody else administrator first."),
        )


def _note(by: Actor | None, row: Person, *, what: str, role: str) -> None:
    note(
        Action.MANAGE_PEOPLE,
        actor=by.person if by else None,
        object_kind="person",
        object_id=str(row.id),
        what=what,
        role=role,
    )
