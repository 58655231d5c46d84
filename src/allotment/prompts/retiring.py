"""Retiring a version in good order: nothing is wrong with it, but its time is over."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.kernel.errors import NotAllowed
from allotment.prompts.locking import held, record
from allotment.prompts.models import TemplateVersion
from allotment.prompts.states import State


@transaction.atomic
def retire(version: UUID, steward: UUID) -> TemplateVersion:
    """Take an approved version out of use."""
    approved = held(version)
    if approved.state != State.APPROVED:
        raise NotAllowed(
            _("“%(version)s” is not approved, so it cannot be retired.") % {"version": approved.reference},
            hint=_("Only approved versions are in use."),
        )
    approved.state = State.RETIRED
    approved.save()
    record(Action.RECALL_TEMPLATE, steward, approved, "retired")
    return approved
