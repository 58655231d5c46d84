"""What may happen to a version, as sentences. Pure: facts in, a refusal or an empty text out.

Invariant: an author never approves their own version; a recalled version is never used or proposed again.
"""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.prompts.states import State


@dataclass(frozen=True)
class Facts:
    """What a decision about a version depends on."""

    reference: str
    state: str
    author: UUID | None
    is_recalled: bool = False
    recall_reason: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why something may not happen, and what to do instead."""

    message: str
    hint: str


def refuse_editing(facts: Facts, person: UUID) -> Refusal | None:
    """Only its author changes a draft: whoever wrote a part of it could otherwise approve it."""
    if facts.state != State.DRAFT:
        return Refusal(
            _("“%(version)s” is not a draft any more, and its wording is locked.")
            % {"version": facts.reference},
            _("Start a new version from it."),
        )
    if facts.author != person:
        return Refusal(
            _("The draft “%(version)s” belongs to somebody else.") % {"version": facts.reference},
            _("Start a version of your own from it."),
        )
    return None


def refuse_approval(facts: Facts, person: UUID) -> Refusal | None:
    """Four eyes: a proposed version, by a steward who did not write it."""
    if facts.state != State.PROPOSED:
        return Refusal(
            _("“%(version)s” is not waiting for approval.") % {"version": facts.reference},
            _("Its author proposes it first."),
        )
    if facts.author == person:
        return Refusal(
            _("You wrote “%(version)s”, so somebody else has to approve it.") % {"version": facts.reference},
            _("Ask another steward to look at it."),
        )
    return None


def refuse_recall(facts: Facts) -> Refusal | None:
    """Only what was once approved can be in use."""
    if facts.is_recalled:
        return Refusal(
            _("“%(version)s” is recalled already.") % {"version": facts.reference},
            _("Nothing uses it any more."),
        )
    if facts.state not in (State.APPROVED, State.RETIRED):
        return Refusal(
            _("“%(version)s” was never approved, so nothing uses it.") % {"version": facts.reference},
            _("There is nothing to recall."),
        )
    return None


def refuse_use(facts: Facts) -> Refusal | None:
    """Apps use approved versions only."""
    another = _("Choose an approved version of it, or another template.")
    if facts.is_recalled:
        return Refusal(
            _("“%(version)s” was recalled and must not be used: %(reason)s")
            % {"version": facts.reference, "reason": facts.recall_reason},
            another,
        )
    if facts.state == State.RETIRED:
        return Refusal(_("“%(version)s” is retired.") % {"version": facts.reference}, another)
    if facts.state != State.APPROVED:
        return Refusal(_("“%(version)s” is not approved yet.") % {"version": facts.reference}, another)
    return None
