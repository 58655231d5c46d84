"""Making a key.

Invariant: the text is returned once and cannot be read again. A key is made by its holder, for themselves or for an app
they look after, and lasts a year at most.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.spec.app import DataClass
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed
from allotment.people.api_keys.models import MOST_NAME, ApiKey
from allotment.people.api_keys.owning import OwnedApp, apps_of
from allotment.people.api_keys.wording import new_text

USUAL_DAYS = 90
MOST_DAYS = 365
MOST_KEYS = 50
"""Of one person at a time; more are a sign of keys nobody revokes."""


@dataclass(frozen=True)
class WantedKey:
    """What the holder asks for."""

    name: str
    data_class: DataClass = DataClass.INTERNAL
    """The highest class of data they may send with it; an app's key has its app's."""
    app: UUID | None = None
    days: int = USUAL_DAYS


@dataclass(frozen=True)
class IssuedKey:
    """A new key, with the text that is shown once."""

    id: UUID
    name: str
    text: str = field(repr=False)
    app: OwnedApp | None = None


@transaction.atomic
def issue(by: Actor, wanted: WantedKey) -> IssuedKey:
    """Make a key for `by`.

    Raises `Invalid` for a name or a duration that cannot be, `NotAllowed` for an app they do not look after, and
    `Conflict` when they have too many.
    """
    name = wanted.name.strip()
    _check(name, wanted.days)
    app = None if wanted.app is None else _own_app(by, wanted.app)
    now = clock.now()
    if ApiKey.objects.filter(person_id=by.person, revoked_at=None, expires_at__gt=now).count() >= MOST_KEYS:
        raise Conflict(
            _("You have %(count)s keys already, which is the most.") % {"count": MOST_KEYS},
            hint=_("Revoke one that nothing uses any more."),
        )
    text = new_text()
    row = ApiKey.objects.create(
        public=text.public,
        secret_digest=text.digest,
        name=name,
        person_id=by.person,
        app=wanted.app,
        data_class=(app or wanted).data_class.value,
        expires_at=now + timedelta(days=wanted.days),
    )
    note(
        Action.MAKE_KEY,
        actor=by.person,
        object_kind="key",
        object_id=str(row.id),
        app=wanted.app,
        public=row.public,
        data_class=row.data_class,
        days=wanted.days,
    )
    return IssuedKey(row.id, row.name, str(text), app)


def _check(name: str, days: int) -> None:
    if not 1 <= len(name) <= MOST_NAME:
        raise Invalid(
            _("A key needs a name of at most %(count)s characters.") % {"count": MOST_NAME},
            hint=_("Say what will use it, for example “Night report”."),
            where="name",
        )
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(
            _("A key lasts between one day and %(count)s days.") % {"count": MOST_DAYS},
            hint=_("Choose a shorter time; a new key can be made at any time."),
            where="days",
        )


def _own_app(by: Actor, app: UUID) -> OwnedApp:
    for owned in apps_of(by):
        if owned.id == app:
            return owned
    raise NotAllowed(
        _("A key for an app is made by the app’s owner or deputy, and only for a published app."),
        hint=_("Choose one of your published apps, or make a key for yourself."),
    )
