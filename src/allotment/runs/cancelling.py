"""Cancelling a run: it stops at once, and the provider's work with it."""

from uuid import UUID

import anyio
from django.db import transaction

from allotment.engine.principals import Actor
from allotment.kernel import clock, portal
from allotment.kernel.errors import NotAllowed
from allotment.runs.events import append
from allotment.runs.models import FINAL_STATES, Run, RunState
from allotment.runs.receipts import conclude

_scopes: dict[UUID, anyio.CancelScope] = {}
"""Calls under way in this process, by run. Touched from the gate's loop only."""
_cancelled: set[UUID] = set()
"""Runs cancelled in this process whose step may still be computing."""


def watch(run: UUID, scope: anyio.CancelScope) -> None:
    """Remember how to stop this run's call. Call on the gate's loop."""
    _scopes[run] = scope


def forget(run: UUID) -> None:
    """The call is over. Call on the gate's loop."""
    _scopes.pop(run, None)


async def _stop_call(run: UUID) -> None:
    scope = _scopes.get(run)
    if scope is not None:
        scope.cancel()


def is_cancelled(run: UUID) -> bool:
    """Say whether somebody cancelled this run in this process while it worked."""
    return run in _cancelled


def cancel(run: UUID, actor: Actor) -> bool:
    """Cancel a run of one's own. Returns False when it was over already."""
    if not mark_cancelled(run, actor):
        return False
    _cancelled.add(run)
    portal.call(_stop_call, run)
    return True


@transaction.atomic
def mark_cancelled(run: UUID, actor: Actor) -> bool:
    """Store that a run of one's own is cancelled. Returns False when it was over already."""
    row = Run.objects.select_for_update().get(id=run)
    if row.person_id != actor.person:
        raise NotAllowed(
            "Only the person who started a run can cancel it.",
            hint="Ask them, or an officer to park the app.",
        )
    if row.state in FINAL_STATES:
        return False
    row.state, row.finished_at = RunState.CANCELLED, clock.now()
    row.message = "You cancelled this run."
    row.save(update_fields=("state", "finished_at", "message"))
    conclude(row)
    append(run, "failed", {"state": RunState.CANCELLED.value, "message": row.message})
    return True
