"""Recalling a version: stop using it everywhere, now.

Invariant: once this returns, the next question for the version is refused with the reason, in every process.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, NotAllowed
from allotment.prompts.locking import facts_of, held, record
from allotment.prompts.models import TemplateVersion
from allotment.prompts.rules import refuse_recall


@transaction.atomic
def recall(version: UUID, person: UUID, reason: str) -> TemplateVersion:
    """Forbid a version from now on. There is no way back: mended wording is a new version."""
    recalled = held(version)
    if refusal := refuse_recall(facts_of(recalled)):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    if not reason.strip():
        raise Invalid(
            _("Say why it must not be used."),
            hint=_("Everybody whose app stops reads this sentence."),
            where="reason",
        )
    recalled.recalled_at = clock.now()
    recalled.recalled_by_id = person
    recalled.recall_reason = reason.strip()[:500]
    recalled.save()
    record(Action.RECALL_TEMPLATE, person, recalled, "recalled")
    return recalled
