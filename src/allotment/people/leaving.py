"""Deactivating an account, and bringing it back.

Invariant: a deactivated person's sessions, links and password end at once; what they did keeps their name.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, NotFound
from allotment.people.granting import keep_an_administrator
from allotment.people.models import Person, SetUpLink
from allotment.people.rules import is_erased_email


@transaction.atomic
def deactivate(by: Actor | None, person_id: UUID) -> None:
    """Close the account; raises `Conflict` for one's own and for the only administrator's."""
    row = _row(person_id)
    if by is not None and by.person == person_id:
        raise Conflict(
            _("You cannot deactivate your own account."), hint=_("Ask another administrator to do it.")
        )
    keep_an_administrator(without=person_id)
    row.is_active = False
    # Without the old password its sessions can never come back, not even with the account.
    row.set_unusable_password()
    row.save(update_fields=["is_active", "password"])
    SetUpLink.objects.filter(person=row, used_at=None).delete()
    _note(by, person_id, "deactivated")


@transaction.atomic
def bring_back(by: Actor | None, person_id: UUID) -> None:
    """Open the account again, with its roles and spaces. The person needs a new set-up link to sign in.

    Raises `Conflict` for somebody erased.
    """
    row = _row(person_id)
    if is_erased_email(row.email):
        raise Conflict(
            _("This person was erased on request, and that cannot be undone."),
            hint=_("Invite them anew, if they want to come back."),
        )
    row.is_active = True
    row.save(update_fields=["is_active"])
    _note(by, person_id, "brought back")


def _row(person_id: UUID) -> Person:
    row = Person.objects.filter(id=person_id).first()
    if row is None:
        raise NotFound(_("There is no such person."), hint=_("Choose one from the list of people."))
    return row


def _note(by: Actor | None, person_id: UUID, what: str) -> None:
    note(
        Action.MANAGE_PEOPLE,
        actor=by.person if by else None,
        object_kind="person",
        object_id=str(person_id),
        what=what,
    )
