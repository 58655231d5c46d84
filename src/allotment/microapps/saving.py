"""Saving: the working copy as it is edited, and versions of it.

Invariant: a version is only saved from a spec without problems, and never changes. Refuses: overwriting somebody
else's edit (`Conflict` when the revision moved on).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.spec.digests import behaviour_digest, digest
from allotment.engine.spec.reading import from_plain, to_plain
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid
from allotment.microapps import checking
from allotment.microapps.models import AppVersion, MicroApp
from allotment.microapps.queries import resource
from allotment.microapps.rules import tier
from allotment.microapps.states import Audience
from allotment.microapps.stored import data_of, held, summary_of
from allotment.policies.deciding import require


@dataclass(frozen=True)
class Saved:
    """The working copy after a save."""

    revision: int
    at: datetime


@transaction.atomic
def save_working(app_id: UUID, actor: Actor, plain: dict[str, Any], expected_revision: int) -> Saved:
    """Store the spec being edited; it may be broken. Returns the new revision.

    Raises `Conflict` when somebody else saved since `expected_revision` was read.
    """
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    if row.working_revision != expected_revision:
        raise Conflict(
            _("Somebody else changed “%(title)s” while you were editing it.") % {"title": row.title},
            hint=_("Load the page again to see their change, then make yours."),
        )
    return store_working(row, actor, plain, how="edited")


def store_working(row: MicroApp, actor: Actor, plain: dict[str, Any], *, how: str) -> Saved:
    """Store the working copy of a held row, keep title and purpose in step, and note how it came about."""
    row.working_spec = {**plain, "name": row.slug}
    row.title = str(plain.get("title") or row.title)[:120]
    row.purpose = str(plain.get("purpose") or "")[:500]
    if row.published_version_id is None:
        row.tier = tier(data_of(plain), Audience(row.audience))
    row.working_revision += 1
    row.working_saved_at = clock.now()
    row.save(
        update_fields=["working_spec", "title", "purpose", "tier", "working_revision", "working_saved_at"]
    )
    note(
        Action.EDIT_APP,
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=row.space_id,
        app=row.id,
        revision=row.working_revision,
        how=how,
    )
    return Saved(row.working_revision, row.working_saved_at)


@transaction.atomic
def save_version(app_id: UUID, actor: Actor, description: str = "") -> int:
    """Save the working copy as the next version and return its number.

    Saving what is already the latest version returns that number. Raises `Invalid` with the first problem when the
    spec is not whole.
    """
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    spec = from_plain(row.working_spec)
    problems = checking.problems_of(spec)
    if problems:
        raise Invalid(problems[0].message, hint=problems[0].remedy, where=problems[0].where)
    latest = row.versions.order_by("-number").first()
    spec_digest = digest(spec)
    if latest is not None and latest.digest == spec_digest:
        return latest.number
    version = AppVersion.objects.create(
        app=row,
        number=1 if latest is None else latest.number + 1,
        spec=to_plain(spec),
        digest=spec_digest,
        behaviour_digest=behaviour_digest(spec),
        author_id=actor.person,
        note=description[:200],
    )
    note(
        "apps.save-version",
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=row.space_id,
        app=row.id,
        version=version.number,
        digest=spec_digest,
    )
    return version.number
