"""Proposing a draft for approval. Invariant: from here on its wording is locked."""

from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.kernel.errors import NotAllowed
from allotment.prompts.locking import facts_of, held, record
from allotment.prompts.models import TemplateVersion
from allotment.prompts.rules import refuse_editing
from allotment.prompts.states import State
from allotment.prompts.wording import require_sound


@transaction.atomic
def propose(version: UUID, author: UUID) -> TemplateVersion:
    """Lock a draft and ask the stewards for approval."""
    draft = held(version)
    if refusal := refuse_editing(facts_of(draft), author):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    require_sound(draft.wording)
    draft.state = State.PROPOSED
    draft.save()
    record(Action.WRITE_TEMPLATE, author, draft, "proposed")
    return draft
