"""Settling what an app's owner decides beside its steps: what data it touches, and the space it belongs to."""

from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.spec.app import DataUse
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, Invalid
from allotment.microapps.queries import resource
from allotment.microapps.saving import Saved, store_working
from allotment.microapps.states import Audience
from allotment.microapps.stored import held, summary_of
from allotment.policies.deciding import require


@transaction.atomic
def describe(app_id: UUID, actor: Actor, title: str, purpose: str, data: DataUse) -> Saved:
    """Set title, purpose and data use in the working copy."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    if not title.strip():
        raise Invalid(_("The app needs a title."), hint=_("Say what it does in a few words."), where="title")
    plain = {
        **row.working_spec,
        "title": title.strip(),
        "purpose": purpose.strip(),
        "data": msgspec.to_builtins(data),
    }
    return store_working(row, actor, plain, how="settings")


@transaction.atomic
def move_to_space(app_id: UUID, actor: Actor, space: UUID | None) -> None:
    """Let the app belong to a space of this person, or to none. Sharing with a space is `publishing`."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    if space == row.space_id:
        return
    if row.audience == Audience.SPACE and row.published_version_id is not None:
        raise Conflict(
            _("“%(title)s” is shared with its space.") % {"title": row.title},
            hint=_("Publish it for another audience first."),
        )
    if space is not None and space not in actor.spaces:
        raise Invalid(
            _("Choose a space you belong to."),
            hint=_("An administrator can add you to another one."),
            where="space",
        )
    row.space_id = space
    row.save(update_fields=["space"])
    note(
        Action.EDIT_APP,
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=space,
        app=row.id,
        how="moved to a space",
    )
