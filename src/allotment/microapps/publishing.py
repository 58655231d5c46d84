"""Publishing: sharing a saved version with an audience. Low risk at once, the rest after somebody else agreed.

Invariant: what is shared is the latest saved version, whole and without stops. Refuses: publishing the working copy,
a version with a check that stops it, and a space the person is not in.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, Invalid
from allotment.microapps import checking
from allotment.microapps.models import AppVersion, MicroApp, Review
from allotment.microapps.queries import resource
from allotment.microapps.releasing import WantedReach, release
from allotment.microapps.reviewing import withdraw_pending
from allotment.microapps.rules import approval_digest, assess
from allotment.microapps.states import Audience, State, Tier
from allotment.microapps.stored import detail_of, held, spec_of, summary_of
from allotment.policies.deciding import require


@dataclass(frozen=True)
class Published:
    """What came of it: running now, or waiting for a review."""

    number: int
    tier: Tier
    review: UUID | None

    @property
    def is_running(self) -> bool:
        """Whether the version runs for its audience from now on."""
        return self.review is None


@transaction.atomic
def publish(app_id: UUID, actor: Actor, wanted: WantedReach) -> Published:
    """Share the latest saved version.

    A version that behaves as the approved one, for the same audience, needs no second review.
    """
    row = held(app_id)
    require(actor, Action.PUBLISH_APP, resource(summary_of(row)))
    if row.state in {State.PARKED, State.RETIRED}:
        raise Conflict(
            _("“%(title)s” is parked.") % {"title": row.title},
            hint=_("Bring it back first, then publish it."),
        )
    version = row.versions.order_by("-number").first()
    if version is None:
        raise Invalid(
            _("“%(title)s” has no saved version yet.") % {"title": row.title},
            hint=_("Save a version in the builder, then publish it."),
        )
    _refuse_unusable_reach(actor, wanted)
    _refuse_stops(row, version)
    withdraw_pending(row, actor)
    return _share(row, version, actor, wanted)


def _share(row: MicroApp, version: AppVersion, actor: Actor, wanted: WantedReach) -> Published:
    assessment = assess(spec_of(version).data, wanted.audience)
    bound = approval_digest(version.behaviour_digest, wanted.audience, wanted.space, wanted.people)
    if not assessment.needs_review or bound == _running_digest(row):
        release(row, version, actor, wanted, assessment.tier)
        return Published(version.number, assessment.tier, None)
    review = Review.objects.create(
        app=row,
        version=version,
        digest=bound,
        audience=wanted.audience,
        space_id=wanted.space,
        tier=assessment.tier,
        requested_by_id=actor.person,
    )
    review.people.set(wanted.people)  # type: ignore[arg-type]  # the stubs know only whole-number keys
    row.state = State.IN_REVIEW
    row.save(update_fields=["state"])
    note(
        "apps.ask-for-review",
        actor=actor.person,
        object_kind="review",
        object_id=str(review.id),
        space=wanted.space,
        app=row.id,
        version=version.number,
        audience=wanted.audience.value,
        tier=assessment.tier.value,
        digest=bound,
    )
    return Published(version.number, assessment.tier, review.id)


def _refuse_unusable_reach(actor: Actor, wanted: WantedReach) -> None:
    if wanted.audience is Audience.SPACE and wanted.space not in actor.spaces:
        raise Invalid(
            _("Choose a space you belong to."),
            hint=_("An administrator can add you to another one."),
            where="space",
        )
    if wanted.audience is Audience.PEOPLE and not wanted.people:
        raise Invalid(
            _("Nobody is chosen yet."),
            hint=_("Choose at least one person, or another audience."),
            where="people",
        )


def _refuse_stops(row: MicroApp, version: AppVersion) -> None:
    for check in checking.checks_of(detail_of(row), spec_of(version)):
        if check.level == "stop":
            raise Invalid(check.title, hint=check.why, where=check.code)


def _running_digest(row: MicroApp) -> str:
    """Return what the running version was approved as; empty when nothing runs."""
    version = row.published_version
    if version is None:
        return ""
    audience = Audience(row.audience)
    return approval_digest(
        version.behaviour_digest,
        audience,
        row.space_id if audience is Audience.SPACE else None,
        row.people.values_list("id", flat=True),
    )
