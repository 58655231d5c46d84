"""Deciding on a proposed version: approve it, or send it back with a reason.

Invariant: the decision binds to the digest the steward saw. Refuses: the author, anything that is not proposed, a
version that changed after it was read.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed
from allotment.prompts.locking import facts_of, held, record
from allotment.prompts.models import TemplateVersion
from allotment.prompts.rules import refuse_approval
from allotment.prompts.states import State


@transaction.atomic
def approve(version: UUID, steward: UUID, *, seen_digest: str) -> TemplateVersion:
    """Let apps use this version."""
    proposed = _undecided(version, steward)
    if proposed.digest != seen_digest:
        raise Conflict(
            _("“%(version)s” changed after you opened it.") % {"version": proposed.reference},
            hint=_("Read it again, then decide."),
        )
    proposed.state = State.APPROVED
    proposed.approver_id = steward
    proposed.decided_at = clock.now()
    proposed.save()
    record(Action.APPROVE_TEMPLATE, steward, proposed, "approved")
    return proposed


@transaction.atomic
def send_back(version: UUID, steward: UUID, reason: str) -> TemplateVersion:
    """Make a proposed version its author's draft again, with the reason."""
    proposed = _undecided(version, steward)
    if not reason.strip():
        raise Invalid(
            _("Say what should change."), hint=_("The author reads it above the draft."), where="reason"
        )
    proposed.state = State.DRAFT
    proposed.note = reason.strip()
    proposed.save()
    record(Action.APPROVE_TEMPLATE, steward, proposed, "sent back")
    return proposed


def _undecided(version: UUID, steward: UUID) -> TemplateVersion:
    proposed = held(version)
    if refusal := refuse_approval(facts_of(proposed), steward):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    return proposed
