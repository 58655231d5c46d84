"""Spaces, and who belongs to them.

Invariant: each space made, changed, joined or left is one journal entry. Spaces are never deleted.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, NotFound
from allotment.people.models import Membership, Person, Space


@transaction.atomic
def make_space(by: Actor | None, name: str, purpose: str = "") -> UUID:
    """Make a space and return its id; raises `Conflict` when the name is taken."""
    _refuse_taken(name, Space.objects.all())
    row = Space.objects.create(name=name.strip(), purpose=purpose.strip())
    _note_space(by, row.id, "made")
    return row.id


@transaction.atomic
def change_space(by: Actor | None, space_id: UUID, name: str, purpose: str) -> None:
    """Rename a space or change its purpose; raises `Conflict` when the name is taken."""
    row = _space(space_id)
    _refuse_taken(name, Space.objects.exclude(id=space_id))
    row.name, row.purpose = name.strip(), purpose.strip()
    row.save(update_fields=["name", "purpose"])
    _note_space(by, space_id, "changed")


@transaction.atomic
def set_members(by: Actor | None, space_id: UUID, people: frozenset[UUID]) -> None:
    """Make `people` the members of a space. Deactivated members stay as they are."""
    _space(space_id)
    members = Membership.objects.filter(space_id=space_id, person__is_active=True)
    held = frozenset(members.values_list("person_id", flat=True))
    for person_id in sorted(held - people):
        _leave(by, person_id, space_id)
    for person_id in sorted(people - held):
        _join(by, person_id, space_id)


@transaction.atomic
def set_spaces(by: Actor | None, person_id: UUID, spaces: frozenset[UUID]) -> None:
    """Make `spaces` the spaces of a person."""
    row = Person.objects.filter(id=person_id).first()
    if row is None:
        raise NotFound(_("There is no such person."), hint=_("Choose one from the list of people."))
    replace_spaces(by, row, spaces)


def replace_spaces(by: Actor | None, row: Person, spaces: frozenset[UUID]) -> None:
    """Store the difference between the spaces a person is in and `spaces`, in the caller's transaction."""
    held = frozenset(Membership.objects.filter(person=row).values_list("space_id", flat=True))
    for space_id in sorted(held - spaces):
        _leave(by, row.id, space_id)
    for space_id in sorted(spaces - held):
        _join(by, row.id, space_id)


def _join(by: Actor | None, person_id: UUID, space_id: UUID) -> None:
    Membership.objects.create(person_id=person_id, space_id=space_id)
    _note_member(by, person_id, space_id, "joined")


def _leave(by: Actor | None, person_id: UUID, space_id: UUID) -> None:
    Membership.objects.filter(person_id=person_id, space_id=space_id).delete()
    _note_member(by, person_id, space_id, "left")


def _space(space_id: UUID) -> Space:
    row = Space.objects.filter(id=space_id).first()
    if row is None:
        raise NotFound(_("There is no such space."), hint=_("Choose one from the list of spaces."))
    return row


def _refuse_taken(name: str, among: QuerySet[Space]) -> None:
    if among.filter(name__iexact=name.strip()).exists():
        raise Conflict(
            _("There is a space called “%(name)s” already.") % {"name": name.strip()},
            hint=_("Choose another name."),
        )


def _note_space(by: Actor | None, space_id: UUID, what: str) -> None:
    note(
        Action.MANAGE_SPACES,
        actor=by.person if by else None,
        object_kind="space",
        object_id=str(space_id),
        space=space_id,
        what=what,
    )


def _note_member(by: Actor | None, person_id: UUID, space_id: UUID, what: str) -> None:
    note(
        Action.MANAGE_SPACES,
        actor=by.person if by else None,
        object_kind="person",
        object_id=str(person_id),
        space=space_id,
        what=what,
    )
