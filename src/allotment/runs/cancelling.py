"""Cancelling a run: its call or computation under way is stopped, at once by the process that has it under way.

Invariant: what another process cancelled stops within about a second, for a process looks so often whether a run it
asks or computes for is over, with one query for all of them; with neither under way it asks nothing. What it cannot
look up now, it looks up a second later. What neither asks nor computes (reading a file, drawing) ends by itself.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
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
_computing: dict[UUID, threading.Event] = {}
"""What tells computations under way in this process to stop, by run."""
_looking: asyncio.Task[None] | None = None
"""Looks for runs that another process cancelled, as long as there are calls and computations."""


def watch(run: UUID, scope: anyio.CancelScope) -> None:
    """Remember how to stop this run's call, and look whether it should be. Call on the gate's loop."""
    _scopes[run] = scope
    _begin_to_look()


def forget(run: UUID) -> None:
    """The call is over. Call on the gate's loop."""
    _scopes.pop(run, None)


@contextmanager
def computing(run: UUID) -> Iterator[Callable[[], bool]]:
    """Compute for this run within the block; what it gives says whether to stop. Not on the gate's loop."""
    stop = _computing[run] = threading.Event()
    try:
        portal.call(_look)
        yield stop.is_set
    finally:
        _computing.pop(run, None)


async def _look() -> None:
    _begin_to_look()


def _begin_to_look() -> None:
    global _looking  # noqa: PLW0603 - one task for all that is under way in the process
    if _looking is None or _looking.done():
        _looking = asyncio.get_running_loop().create_task(_look_after_runs(), name="cancelled runs")


async def _look_after_runs() -> None:
    """Stop what is under way for runs that are over, until nothing is."""
    trouble = ""
    while _scopes or _computing:
        await asyncio.sleep(_LOOKS_EVERY_SECONDS)
        before, trouble = trouble, ""
        try:
            await _stop_ended_runs()
        except (Error, *TROUBLE) as error:
            trouble = words(error)
            if trouble != before:
                _log.error("it cannot be seen whether runs were cancelled elsewhere: %s", trouble)


async def _stop_ended_runs() -> None:
    under_way = (*_scopes, *tuple(_computing))
    if under_way:
        for run in await anyio.to_thread.run_sync(_ended, under_way):
            await _stop(run)


def _ended(runs: Collection[UUID]) -> tuple[UUID, ...]:
    with database_work():
        return tuple(Run.objects.filter(id__in=runs, state__in=FINAL_STATES).values_list("id", flat=True))


async def _stop(run: UUID) -> None:
    scope, computation = _scopes.get(run), _computing.get(run)
    if scope is not None:
        scope.cancel()
    if computation is not None:
        computation.set()


def cancel(run: UUID, actor: Actor) -> bool:
    """Cancel a run of one's own. Returns False when it was over already."""
    if not mark_cancelled(run, actor):
        return False
    portal.call(_stop, run)
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
