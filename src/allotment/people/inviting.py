"""Inviting people, and handing them a new set-up link when the old one is lost.

Invariant: the secret of a link is returned once and only its digest is stored; a new link ends the earlier ones.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Role
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, NotFound
from allotment.kernel.ids import new_secret
from allotment.kernel.settings import settings
from allotment.people.granting import replace_roles
from allotment.people.joining import replace_spaces
from allotment.people.models import Person, SetUpLink
from allotment.people.naming import personal_of
from allotment.people.rules import LINK_LIFETIME, digest_of


@dataclass(frozen=True)
class Invitation:
    """Whom to invite, as what, into which spaces."""

    name: str
    email: str
    roles: frozenset[Role]
    spaces: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class HandedLink:
    """A set-up link to hand over; it cannot be shown again."""

    person: UUID
    url: str
    expires_at: datetime

    @property
    def secret(self) -> str:
        """The part of the address that is the key."""
        return self.url.rstrip("/").rpartition("/")[2]


@transaction.atomic
def invite(by: Actor | None, invitation: Invitation) -> HandedLink:
    """Make an account without a password and return its set-up link. `by` is None on the command line.

    Raises `Conflict` when the e-mail address has an account already.
    """
    email = invitation.email.strip().lower()
    if Person.objects.filter(email__iexact=email).exists():
        raise Conflict(
            _("%(email)s has an account already.") % {"email": email},
            hint=_("Find the person in the list of people and change their roles there."),
        )
    row = Person(name=invitation.name.strip(), email=email)
    row.set_unusable_password()
    row.save()
    note(
        Action.MANAGE_PEOPLE,
        actor=by.person if by else None,
        object_kind="person",
        object_id=str(row.id),
        personal=personal_of(row),
        what="invited",
    )
    replace_roles(by, row, invitation.roles)
    replace_spaces(by, row, invitation.spaces)
    return _hand_link(by, row)


@transaction.atomic
def hand_new_link(by: Actor | None, person_id: UUID) -> HandedLink:
    """Return a new set-up link for someone whose link ran out or who forgot the password.

    The current password keeps working until the link is used. Raises `NotFound` for someone unknown or deactivated.
    """
    row = Person.objects.filter(id=person_id, is_active=True).first()
    if row is None:
        raise NotFound(
            _("There is no active person with this account."), hint=_("Bring the account back first.")
        )
    return _hand_link(by, row)


def link_url(secret: str) -> str:
    """Return the full address of the set-up page for a secret."""
    return settings().public_url + reverse("people:set_up", args=[secret])


def _hand_link(by: Actor | None, row: Person) -> HandedLink:
    secret = new_secret()
    expires_at = clock.now() + LINK_LIFETIME
    SetUpLink.objects.filter(person=row, used_at=None).delete()
    SetUpLink.objects.create(secret_digest=digest_of(secret), person=row, expires_at=expires_at)
    note(
        Action.MANAGE_PEOPLE,
        actor=by.person if by else None,
        object_kind="person",
        object_id=str(row.id),
        what="handed a set-up link",
    )
    return HandedLink(row.id, link_url(secret), expires_at)
