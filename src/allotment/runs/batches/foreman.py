"""The foreman of a process: takes up batches that wait for work, and lets go of them at the end.

Lives on the gate's event loop. Invariant: a batch goes on after any end of a process, at the latest when somebody
else notices that its beats are missing.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from uuid import UUID

import anyio
from django.db import DatabaseError

from allotment.engine.gate.defects import traced
from allotment.kernel.ids import new_id
from allotment.runs.batches import holding
from allotment.runs.batches.turns import Turns
from allotment.runs.batches.working import Worker
from allotment.web.worker_threads import database_work

MOST_BATCHES = 8
"""Batches one process works on at once; others wait."""
_LOOKS_EVERY_SECONDS = 2.0
_THREADS = 4

_log = logging.getLogger(__name__)


class Foreman:
    """Start it on the loop the gate runs on; stop it before the gate goes."""

    def __init__(self) -> None:
        self._holder = new_id()
        self._workers: dict[UUID, tuple[Worker, asyncio.Task[None]]] = {}
        self._turns = Turns()
        self._threads = anyio.CapacityLimiter(_THREADS)
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tending: asyncio.Task[None] | None = None
        self._is_closing = False

    def start(self) -> None:
        """Begin to look for batches."""
        self._tending = asyncio.create_task(self._tend(), name="batches")

    async def stop(self, patience_seconds: float) -> None:
        """Take no more rows; wait a little for those at work, which are paid for."""
        if self._tending is None:
            return
        # A word, not a cancellation: `wait_for` swallows one that comes together with what it waits for.
        self._is_closing = True
        self._wake.set()
        await self._tending
        for worker, _ in self._workers.values():
            worker.stop()
        tasks = [task for _, task in self._workers.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience_seconds)
            for worker, task in self._workers.values():
                if task in late:
                    worker.stop_now()
            if late:
                await asyncio.wait(late, timeout=patience_seconds)

    def nudge(self) -> None:
        """Look now: a batch was begun, paused or cancelled. From any thread; returns at once."""
        with suppress(RuntimeError):  # the loop is closed: nobody looks any more
            self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._wake.set()
        for worker, _ in self._workers.values():
            worker.look()

    async def _tend(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            with suppress(DatabaseError):  # the next look tries again
                await self._take_up()
            if not self._is_closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOKS_EVERY_SECONDS)

    async def _take_up(self) -> None:
        room = MOST_BATCHES - len(self._workers)
        if room <= 0:
            return
        for batch in await anyio.to_thread.run_sync(self._taken, room, limiter=self._threads):
            worker = Worker(batch, self._holder, self._turns, self._threads)
            task = asyncio.create_task(worker.work(), name=f"batch {batch}")
            self._workers[batch] = worker, task
            task.add_done_callback(partial(self._over, batch))

    def _taken(self, room: int) -> tuple[UUID, ...]:
        with database_work():
            return holding.take_up(self._holder, room)

    def _over(self, batch: UUID, task: asyncio.Task[None]) -> None:
        self._workers.pop(batch, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # asyncio would log it with its text, which may repeat a row
            _log.error("the work on batch %s broke: %s", batch, traced(error))
        self._wake.set()


_foreman: Foreman | None = None


def use(foreman: Foreman | None) -> None:
    """Put this process's foreman in place (composition root only)."""
    global _foreman  # noqa: PLW0603 - the one switch of this module
    _foreman = foreman


def nudge() -> None:
    """Have the foreman of this process look now; without one, that of another process looks within seconds."""
    if _foreman is not None:
        _foreman.nudge()
