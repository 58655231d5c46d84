"""The gate's way into the journal: one writer thread that commits whatever is waiting as one group.

Invariant: a caller learns a number only after the commit that holds its entry; entries of one caller keep
their order. What cannot be written fails every caller that waits for it: nothing unrecorded is released.
Refuses: more waiting entries than its capacity, and anything after `stop`.
"""

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error, connections, transaction
from django.utils.translation import gettext

from allotment.engine.recording import Entry
from allotment.journal.models import JournalEntry
from allotment.journal.recording import row_of
from allotment.kernel.errors import Unavailable

GROUP = 500
"""Entries in one transaction at most."""
CAPACITY = 10_000
"""Entries that may wait; about as many as a small disk commits in two seconds."""


@dataclass(frozen=True)
class _Waiting:
    """An entry on its way, and who waits for its number."""

    row: JournalEntry
    loop: asyncio.AbstractEventLoop
    number: asyncio.Future[int]


@dataclass(frozen=True)
class _Failed:
    """Why a group could not be written."""

    reason: str


class JournalWriter:
    """Implements `engine.recording.Recorder`. Start it once per process, stop it last."""

    def __init__(self, *, capacity: int = CAPACITY, group: int = GROUP) -> None:
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(capacity + 1)  # one place for the end mark
        self._capacity = capacity
        self._group = group
        self._door = threading.Lock()
        self._is_open = False
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        """Start the writer thread."""
        self._is_open = True
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, then end the thread. Blocks; not for the event loop."""
        with self._door:
            was_open, self._is_open = self._is_open, False
        if was_open:
            self._queue.put(None)
            self._thread.join()

    async def record(self, entry: Entry) -> int:
        """Return the number of `entry` once it is committed; raise `Unavailable` if it cannot be.

        A caller that is cancelled while it waits does not take its entry back: what happened stays recorded.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(row_of(entry), loop, loop.create_future())
        with self._door:
            if not self._is_open or self._queue.qsize() >= self._capacity:
                raise _unrecorded(gettext("The journal is stopped or has too much to write."))
            self._queue.put_nowait(waiting)
        return await waiting.number

    def _run(self) -> None:
        held: list[_Waiting] = []
        try:
            while (first := self._queue.get()) is not None:
                held = [first, *self._at_hand()]
                _settle(held, _commit([waiting.row for waiting in held]))
                held = []
        finally:
            # Reached by the end mark, or by a defect: then those who wait must still hear of it.
            self._abandon(held)
            connections.close_all()

    def _at_hand(self) -> list[_Waiting]:
        found: list[_Waiting] = []
        while len(found) < self._group - 1:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                self._queue.put_nowait(None)
                break
            found.append(waiting)
        return found

    def _abandon(self, held: list[_Waiting]) -> None:
        with self._door:
            self._is_open = False
        left = [*held, *self._at_hand()]
        while left:
            _settle(left, _Failed(gettext("The journal has stopped.")))
            left = self._at_hand()


def _commit(rows: list[JournalEntry]) -> Sequence[int] | _Failed:
    """Write `rows` in one transaction and return their numbers, or why that failed."""
    try:
        with transaction.atomic(durable=True):
            written = JournalEntry.objects.all().append(rows)
    except Error as error:
        connections.close_all()  # the next group tries with a fresh connection
        return _Failed(str(error))
    return [row.number for row in written]


def _settle(group: list[_Waiting], outcome: Sequence[int] | _Failed) -> None:
    """Wake the waiting callers, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, int | _Failed]]] = defaultdict(list)
    results: Sequence[int | _Failed]
    results = [outcome] * len(group) if isinstance(outcome, _Failed) else outcome
    for waiting, result in zip(group, results, strict=True):
        by_loop[waiting.loop].append((waiting, result))
    for loop, settled in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_wake, settled)


def _wake(settled: list[tuple[_Waiting, int | _Failed]]) -> None:
    for waiting, result in settled:
        if waiting.number.done():
            continue
        if isinstance(result, _Failed):
            waiting.number.set_exception(_unrecorded(result.reason))
        else:
            waiting.number.set_result(result)


def _unrecorded(reason: str) -> Unavailable:
    return Unavailable(
        gettext("This could not be recorded, so it was not done."),
        hint=gettext(
            "Ask an administrator to look at this installation's disk and database. They say: %(reason)s"
        )
        % {"reason": reason},
        code="not-recorded",
    )
