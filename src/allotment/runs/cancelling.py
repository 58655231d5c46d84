"""Cancelling a run: it stops at once, and the provider's work with it, whichever process has its call under way.

Invariant: a process looks about once a second whether a run whose call it has under way is over, with one query for
all of them; without a call under way it asks nothing. What it cannot look up now, it looks up a second later.
"""

import asyncio
import logging
from collections.abc import Collection
from uuid import UUID

import anyio
from django.db import Error, transaction

from allotment.engine.gate.defects import TROUBLE, words
from allotment.engine.principals import Actor
from allotment.kernel import clock, portal
from allotment.kernel.errors import NotAllowed
from allotment.runs.events import append
from allotment.runs.models import FINAL_STATES, Run, RunState
from allotment.runs.receipts import conclude
from allotment.runs.telling import sealed_told
from allotment.web.worker_threads import database_work

_LOOKS_EVERY_SECONDS = 1.0

_log = logging.getLogger(__name__)
_scopes: dict[UUID, anyio.CancelScope] = {}
"""Calls under way in this process, by run. Touched from the gate's loop only."""
_cancelled: set[UUID] = set()
"""Runs cancelled in this process whose step may still be computing."""
_looking: asyncio.Task[None] | None = None
"""Looks for runs that another process cancelled, as long as there are scopes."""


def watch(run: UUID, scope: anyio.CancelScope) -> None:
    """Remember how to stop this run's call, and look whether it should be. Call on the gate's loop."""
    global _looking  # noqa: PLW0603 - one task for all calls of the process
    _scopes[run] = scope
    if _looking is None or _looking.done():
        _looking = asyncio.get_running_loop().create_task(_look_after_calls(), name="cancelled runs")


def forget(run: UUID) -> None:
    """The call is over. Call on the gate's loop."""
    _scopes.pop(run, None)


async def _look_after_calls() -> None:
    """Stop the calls of runs that are over, until no call is under way."""
    trouble = ""
    while _scopes:
        await asyncio.sleep(_LOOKS_EVERY_SECONDS)
        before, trouble = trouble, ""
        try:
            await _stop_calls_of_ended_runs()
        except (Error, *TROUBLE) as error:
            trouble = words(error)
            if trouble != before:
                _log.error("it cannot be seen whether runs were cancelled elsewhere: %s", trouble)


async def _stop_calls_of_ended_runs() -> None:
    under_way = tuple(_scopes)
    if under_way:
        for run in await anyio.to_thread.run_sync(_ended, under_way):
            await _stop_call(run)


def _ended(runs: Collection[UUID]) -> tuple[UUID, ...]:
    with database_work():
        return tuple(Run.objects.filter(id__in=runs, state__in=FINAL_STATES).values_list("id", flat=True))


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
    message = "You cancelled this run."
    row.told = sealed_told(row, message)
    row.save(update_fields=("state", "finished_at", "told"))
    conclude(row)
    append(run, "failed", {"state": RunState.CANCELLED.value, "message": message})
    return True
