"""Reviewing: somebody else approves one version for one audience, or sends it back with a sentence.

Invariant: an approval binds to the digest of behaviour and audience asked for; the approved version keeps running
while a newer one waits. Refuses: approval by the owner, the deputy, the author or whoever asked.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from allotment.microapps.models import MicroApp, Review
from allotment.microapps.queries import resource
from allotment.microapps.releasing import WantedReach, release
from allotment.microapps.rules import approval_digest
from allotment.microapps.states import Audience, Outcome, State, Tier
from allotment.microapps.stored import held, summary_of
from allotment.policies.deciding import require


@transaction.atomic
def approve(review_id: UUID, actor: Actor, digest: str) -> None:
    """Approve what was reviewed, named by its `digest`; it runs from now on."""
    review, row = _waiting(review_id, actor)
    people = tuple(review.people.values_list("id", flat=True))
    bound = approval_digest(
        review.version.behaviour_digest, Audience(review.audience), review.space_id, people
    )
    if not review.digest == digest == bound:
        raise Conflict(
            _("This is not what you looked at: version or audience changed."),
            hint=_("Load the review again and decide on what it shows now."),
        )
    _decide(review, actor, Outcome.APPROVED, "")
    reach = WantedReach(Audience(review.audience), review.space_id, people)
    release(row, review.version, actor, reach, Tier(review.tier))


@transaction.atomic
def send_back(review_id: UUID, actor: Actor, reason: str) -> None:
    """Send the request back with a sentence that says what to change."""
    if not reason.strip():
        raise Invalid(
            _("Say what should change, so that the owner can act on it."),
            hint=_("One sentence is enough."),
            where="reason",
        )
    review, row = _waiting(review_id, actor)
    _decide(review, actor, Outcome.SENT_BACK, reason.strip()[:1000])
    rest(row)


@transaction.atomic
def withdraw(app_id: UUID, actor: Actor) -> None:
    """Take back what the owner or deputy asked for."""
    row = held(app_id)
    require(actor, Action.PUBLISH_APP, resource(summary_of(row)))
    withdraw_pending(row, actor)
    if row.state == State.IN_REVIEW:
        rest(row)


def withdraw_pending(row: MicroApp, actor: Actor) -> None:
    """Withdraw the review that waits for this held app, if there is one."""
    review = row.reviews.filter(outcome=Outcome.PENDING).first()
    if review is not None:
        _decide(review, actor, Outcome.WITHDRAWN, "")


def rest(row: MicroApp) -> None:
    """Return a held app to its state without a review."""
    row.state = State.DRAFT if row.published_version_id is None else State.PUBLISHED
    row.save(update_fields=["state"])


def _waiting(review_id: UUID, actor: Actor) -> tuple[Review, MicroApp]:
    review = Review.objects.select_related("version").filter(id=review_id).first()
    if review is None:
        raise NotFound(_("This review is not there."), hint=_("Go to the reviews and choose another."))
    row = held(review.app_id)
    require(actor, Action.REVIEW_APP, resource(summary_of(row)))
    if actor.person in {review.version.author_id, review.requested_by_id}:
        raise NotAllowed(
            _("You wrote or asked for this version, so somebody else decides on it."),
            hint=_("Ask another reviewer."),
        )
    review.refresh_from_db(fields=["outcome"])
    if review.outcome != Outcome.PENDING:
        raise Conflict(
            _("This review is decided already: %(outcome)s.") % {"outcome": Outcome(review.outcome).label},
            hint=_("Go to the reviews and choose another."),
        )
    return review, row


def _decide(review: Review, actor: Actor, outcome: Outcome, reason: str) -> None:
    review.outcome = outcome
    review.decided_by_id = actor.person
    review.decided_at = clock.now()
    review.reason = reason
    review.save(update_fields=["outcome", "decided_by", "decided_at", "reason"])
    note(
        Action.REVIEW_APP,
        actor=actor.person,
        object_kind="review",
        object_id=str(review.id),
        space=review.space_id,
        app=review.app_id,
        review_outcome=outcome.value,
        version=review.version.number,
        digest=review.digest,
    )
