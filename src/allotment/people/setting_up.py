"""Using a set-up link: a person chooses a password; the very first one also becomes the administrator.

Invariant: a link works once, for seven days, and the link of the first administrator only while there is none.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, NotFound
from allotment.kernel.ids import new_secret
from allotment.people.granting import replace_roles
from allotment.people.inviting import link_url
from allotment.people.models import Person, SetUpLink
from allotment.people.naming import personal_of
from allotment.people.queries import has_administrator
from allotment.people.rules import FIRST_ROLES, LINK_LIFETIME, digest_of, is_digest_of


@dataclass(frozen=True)
class OpenLink:
    """A link that can still be used, and whose it is."""

    secret: str
    person: UUID | None
    """None for the first administrator, who has no account yet."""
    name: str
    email: str

    @property
    def is_first(self) -> bool:
        """Whether it makes the first administrator."""
        return self.person is None


@dataclass(frozen=True)
class NewAccount:
    """What a person chose on the set-up page."""

    name: str
    email: str
    """Used for the first administrator only; everyone else keeps the address they were invited with."""
    password: str


@transaction.atomic
def first_link() -> str | None:
    """Return the address where the first administrator is set up; None once there is an administrator.

    Earlier first links stop working.
    """
    if has_administrator():
        return None
    secret = new_secret()
    SetUpLink.objects.filter(person=None, used_at=None).delete()
    SetUpLink.objects.create(
        secret_digest=digest_of(secret), person=None, expires_at=clock.now() + LINK_LIFETIME
    )
    return link_url(secret)


def open_link(secret: str) -> OpenLink:
    """Return the link of this secret; raises `NotFound` when it is unknown, used or too old."""
    row = SetUpLink.objects.select_related("person").filter(secret_digest=digest_of(secret)).first()
    if row is None or not is_digest_of(row.secret_digest, secret) or not _is_usable(row):
        raise _unusable()
    if row.person is None:
        return OpenLink(secret, None, "", "")
    return OpenLink(secret, row.person.id, row.person.name, row.person.email)


@transaction.atomic
def use_link(secret: str, account: NewAccount) -> UUID:
    """Use the link up, store the password, and return whose account it is now.

    Raises `NotFound` for a link that is unknown, used or too old, and `Conflict` for a taken e-mail address.
    """
    link = open_link(secret)
    used = SetUpLink.objects.filter(secret_digest=digest_of(secret), used_at=None).update(used_at=clock.now())
    if used != 1:
        raise _unusable()
    row = _first_administrator(account) if link.person is None else Person.objects.get(id=link.person)
    row.name = account.name.strip()
    row.set_password(account.password)
    row.save()
    if link.is_first:
        replace_roles(None, row, frozenset(FIRST_ROLES))
    note(
        Action.OWN_ACCOUNT,
        actor=row.id,
        object_kind="person",
        object_id=str(row.id),
        personal=personal_of(row),
        what="set up as first administrator" if link.is_first else "set up",
    )
    return row.id


def _first_administrator(account: NewAccount) -> Person:
    email = account.email.strip().lower()
    if Person.objects.filter(email__iexact=email).exists():
        raise Conflict(
            _("%(email)s has an account already.") % {"email": email}, hint=_("Use another e-mail address.")
        )
    return Person(email=email)


def _is_usable(row: SetUpLink) -> bool:
    if row.used_at is not None or row.expires_at <= clock.now():
        return False
    return not has_administrator() if row.person is None else row.person.is_active


def _unusable() -> NotFound:
    return NotFound(
        _("This set-up link was used already, ran out, or never existed."),
        hint=_(
            "If you have chosen a password, sign in with it. If not, ask an administrator for a new link."
        ),
    )
