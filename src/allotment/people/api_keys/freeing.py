"""The right to ask with words of one's own: asked for by the holder, granted by an officer, for a while.

Invariant: nobody grants it to themselves; every grant has an end, never after the key's own; it can be taken
back at any moment. The key of an app never gets it: an app is approved with its templates.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed
from allotment.people.api_keys.finding import locked_key
from allotment.people.api_keys.models import MOST_REASON, ApiKey, FreeForm

USUAL_DAYS = 30
MOST_DAYS = 90
LEAST_REASON = 10
"""Characters. An officer decides from this sentence alone."""


@transaction.atomic
def ask_for_free_form(by: Actor, key_id: UUID, reason: str) -> None:
    """Ask an officer for the right, as the holder.

    Raises `NotAllowed` for somebody else's key, `Conflict` for one that cannot have it, `Invalid` without a reason.
    """
    row = locked_key(key_id)
    if row.person_id != by.person:
        raise NotAllowed(
            _("Only the holder of a key can ask for this."), hint=_("Ask with a key of your own.")
        )
    _require_able(row)
    if not LEAST_REASON <= len(reason.strip()) <= MOST_REASON:
        raise Invalid(
            _("Say in a sentence of at most %(count)s characters why approved templates are not enough.")
            % {"count": MOST_REASON},
            hint=_("An officer decides from this sentence."),
            where="reason",
        )
    row.free_form, row.free_form_reason = FreeForm.ASKED, reason.strip()
    row.free_form_decided_by_id, row.free_form_until = None, None
    _store(row, by, "keys.request-free-form")


@transaction.atomic
def grant_free_form(by: Actor, key_id: UUID, *, days: int = USUAL_DAYS) -> None:
    """Grant the right for `days`; raises `NotAllowed` to the holder, `Conflict` when nobody asked."""
    row = locked_key(key_id)
    if row.person_id == by.person:
        raise NotAllowed(
            _("Nobody grants this right to their own key."), hint=_("Ask another officer to decide.")
        )
    _require_able(row)
    _require_asked(row)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(
            _("The right lasts between one day and %(count)s days.") % {"count": MOST_DAYS},
            hint=_("Choose a shorter time; it can be granted again."),
            where="days",
        )
    row.free_form, row.free_form_decided_by_id = FreeForm.GRANTED, by.person
    row.free_form_until = min(clock.now() + timedelta(days=days), row.expires_at)
    _store(row, by, Action.GRANT_FREE_FORM)


@transaction.atomic
def decline_free_form(by: Actor, key_id: UUID) -> None:
    """Say no to what was asked for; raises `Conflict` when nobody asked."""
    row = locked_key(key_id)
    _require_asked(row)
    row.free_form, row.free_form_decided_by_id = FreeForm.DECLINED, by.person
    _store(row, by, "keys.decline-free-form")


@transaction.atomic
def withdraw_free_form(by: Actor, key_id: UUID) -> None:
    """Take the right back, from the next call on; raises `Conflict` when it is not granted."""
    row = locked_key(key_id)
    if row.free_form != FreeForm.GRANTED:
        raise Conflict(
            _("This key has no right to words of its holder’s own."), hint=_("There is nothing to take back.")
        )
    row.free_form, row.free_form_decided_by_id, row.free_form_until = FreeForm.WITHDRAWN, by.person, None
    _store(row, by, "keys.withdraw-free-form")


def _require_able(row: ApiKey) -> None:
    if row.revoked_at is not None or row.expires_at <= clock.now():
        raise Conflict(_("This key is over."), hint=_("Make a new key and ask for the right with it."))
    if row.app is not None:
        raise Conflict(
            _("The key of an app only asks with the templates of its approved version."),
            hint=_("Make a key for yourself and ask for the right with it."),
        )


def _require_asked(row: ApiKey) -> None:
    if row.free_form != FreeForm.ASKED:
        raise Conflict(
            _("Nobody is waiting for a decision on this key."),
            hint=_("The holder asks for the right first, with a reason."),
        )


def _store(row: ApiKey, by: Actor, action: str) -> None:
    row.save(update_fields=["free_form", "free_form_reason", "free_form_decided_by", "free_form_until"])
    note(
        action,
        actor=by.person,
        object_kind="key",
        object_id=str(row.id),
        holder=str(row.person_id),
        until=row.free_form_until.isoformat() if row.free_form_until else None,
    )
