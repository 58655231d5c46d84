"""Parking and restoring. A parked app rests: nobody runs it, nothing of it is lost. Refuses: deletion."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict
from allotment.microapps.models import MicroApp
from allotment.microapps.queries import resource
from allotment.microapps.reviewing import rest, withdraw_pending
from allotment.microapps.states import State
from allotment.microapps.stored import held, summary_of
from allotment.policies.deciding import require


@transaction.atomic
def park(app_id: UUID, actor: Actor) -> None:
    """Stop an app from running until it is restored. A review that waits is withdrawn."""
    row = held(app_id)
    require(actor, Action.PARK_APP, resource(summary_of(row)))
    if row.state == State.PARKED:
        raise Conflict(_("“%(title)s” is parked already.") % {"title": row.title})
    withdraw_pending(row, actor)
    row.state = State.PARKED
    row.save(update_fields=["state"])
    _note(row, actor)


@transaction.atomic
def restore(app_id: UUID, actor: Actor) -> None:
    """Bring a parked app back to where it was: published when a version had been, else a draft."""
    row = held(app_id)
    require(actor, Action.PARK_APP, resource(summary_of(row)))
    if row.state != State.PARKED:
        raise Conflict(_("“%(title)s” is not parked.") % {"title": row.title})
    rest(row)
    _note(row, actor)


def _note(row: MicroApp, actor: Actor) -> None:
    note(
        Action.PARK_APP,
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=row.space_id,
        app=row.id,
        state=State(row.state).value,
    )
