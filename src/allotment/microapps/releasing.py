"""Releasing: from now on this version runs for this audience. The last act of publishing and of approving.

Invariant: called only by `publishing` (low risk, or unchanged since its approval) and `reviewing` (approved).
"""

from dataclasses import dataclass
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.microapps.models import AppVersion, MicroApp
from allotment.microapps.states import Audience, State, Tier


@dataclass(frozen=True)
class WantedReach:
    """Whom an app is to be shared with. `space` and `people` only with the audience that uses them."""

    audience: Audience
    space: UUID | None = None
    people: tuple[UUID, ...] = ()


def release(row: MicroApp, version: AppVersion, actor: Actor, reach: WantedReach, tier: Tier) -> None:
    """Let `version` run for `reach`. The row is held by the caller's transaction."""
    row.published_version = version
    row.audience = reach.audience
    row.tier = tier
    row.state = State.PUBLISHED
    if reach.space is not None:
        row.space_id = reach.space
    row.save(update_fields=["published_version", "audience", "tier", "state", "space"])
    row.people.set(reach.people)  # type: ignore[arg-type]  # the stubs know only whole-number keys
    note(
        Action.PUBLISH_APP,
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=row.space_id,
        app=row.id,
        version=version.number,
        audience=reach.audience.value,
        tier=tier.value,
    )
