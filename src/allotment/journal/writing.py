"""The gate's way into the journal: one writer thread that commits whatever is waiting as one group.

Invariant: a caller learns a ticket only after the commit that holds its entry; entries of one caller keep
their order. What cannot be written fails every caller that waits for it: nothing unrecorded is released.
What belongs to an entry is written in its transaction; where that fails, only that entry fails.
It knows whether it can write: after an attempt that failed it says so until it has written something again, which it
tries every half second. What had happened already when its entry could not be written is owed (`journal.owing`), and
so is what could not be kept for a caller who went away before it was told; after the end, such loss is logged.
Refuses: more waiting entries than its capacity, an entry that is in the journal already, and anything after `stop`.

The event loop only puts an entry into line; encoding and writing happen in the thread. The thread is woken once for
everything an event loop put into line in one round, and while several callers come at a time a moment later still:
the more entries share a transaction, the less each costs (PostgreSQL's `commit_delay` and `commit_siblings`).
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from django.db import Error, IntegrityError, connections, transaction
from django.utils.translation import gettext

from allotment.engine.recording import Also, Entry, NotKept
from allotment.journal import turns
from allotment.journal.owing import REPLAYED, Outcome, Owed, Owing
from allotment.journal.recording import Prepared, append, policy_version, prepare, refuse_replayed
from allotment.kernel.errors import AllotmentError, Unavailable

_log = logging.getLogger(__name__)

GROUP = 500
"""Entries in one transaction at most."""
CAPACITY = 10_000
"""Entries that may wait; about as many as a small disk commits in two seconds."""

_SIBLINGS = 2
"""As many entries in the last group mean that more are likely to come in a moment."""
_DELAY_SECONDS = 0.002
"""How long the first of a group then waits for others: a fraction of what one transaction takes under load."""
_AGAIN_SECONDS = 0.5
"""How long after a failed attempt the next one comes by itself; whoever wants something written brings it forward."""


class _Waiting(NamedTuple):
    """An entry on its way."""

    entry: Entry
    policy_version: str
    """Of the policies it was decided under."""
    also: Also | None
    ticket: "asyncio.Future[int]"
    """What the caller waits for."""
    has_happened: bool


_Told = tuple[_Waiting, Outcome]
"""Who waits, and for what came of it."""


class JournalWriter:
    """Implements `engine.recording.Recorder`. Start it once per process, stop it last."""

    def __init__(self, *, capacity: int = CAPACITY, group: int = GROUP) -> None:
        self._line: deque[_Waiting] = deque()
        self._capacity = capacity
        self._group = group
        self._door = threading.Lock()
        self._arrived = threading.Event()
        self._is_open = False
        self._has_ended = False
        """Whether nothing is written any more, nor paid that is owed."""
        self._waking: asyncio.AbstractEventLoop | None = None
        """The event loop that will wake the thread; None when nobody will."""
        self._last_group = 0
        self._owing = Owing(capacity)
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
            self._arrived.set()
            self._thread.join()

    @property
    def can_write(self) -> bool:
        """Whether the last attempt to write succeeded, and nothing is owed. From any thread."""
        return self._is_open and not self._owing.is_behind

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        """Return the ticket of `entry` once it is committed, with what `also` writes.

        Raises `Unavailable` if it cannot be written, `Invalid` for what the journal cannot hold, `Conflict`
        (“replayed”) if its id is there already, `NotKept` if `also` fails. A caller that is cancelled while it waits
        does not take its entry back: what happened stays recorded, and kept. With `has_happened`, an entry that
        cannot be written now is owed, whether or not somebody still waits for it; what is not kept is owed if nobody
        hears of it.
        """
        ticket: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(entry, policy_version(), also, ticket, has_happened)
        with self._door:
            if not self._is_open or len(self._line) >= self._capacity:
                refusal = _unrecorded(gettext("The journal is stopped or has too much to write."))
                if has_happened:
                    self._owe(waiting, refusal)
                raise refusal
            self._line.append(waiting)
            self._wake_soon(ticket.get_loop())
        try:
            return await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                # Answered in the moment in which the caller went away: it does not hear of it.
                self._was_not_told(waiting, ticket.exception())
            raise

    def _wake_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have this event loop wake the thread, unless it will already. Called with the door held."""
        if self._waking is loop:
            return
        self._waking = loop
        if self._last_group < _SIBLINGS:
            loop.call_soon(self._wake)
        else:
            loop.call_later(_DELAY_SECONDS, self._wake)

    def _wake(self) -> None:
        with self._door:
            self._waking = None
        self._arrived.set()

    def _owe(self, waiting: _Waiting, why: AllotmentError) -> None:
        """Owe an entry from an event loop. Called with the door held."""
        if self._has_ended:
            entry = waiting.entry
            _log.error("The journal has stopped without the entry %s, “%s”.", entry.id, entry.action)
            return
        self._owing.owe(waiting.entry, waiting.policy_version, why)
        self._arrived.set()

    def _was_not_told(self, waiting: _Waiting, outcome: Outcome | BaseException | None) -> None:
        """Owe what was not kept and nobody heard of: who hears that tells what became of it."""
        if waiting.has_happened and isinstance(outcome, NotKept):
            with self._door:
                self._owe(waiting, outcome)

    def _run(self) -> None:
        held: list[_Waiting] = []
        try:
            while self._is_open or self._line:
                self._arrived.wait(_AGAIN_SECONDS if self._owing.is_behind else None)
                self._arrived.clear()
                trouble = self._owing.pay(_write)
                while self._line:
                    held = [self._line.popleft() for _ in range(min(len(self._line), self._group))]
                    self._last_group = len(held)
                    outcomes = _write(held) if trouble is None else [_again(trouble) for _ in held]
                    self._settle(self._note(held, outcomes))
                    held = []
            self._owing.pay(_write)
        finally:
            # Reached after `stop`, or by a defect: then those who wait must still hear of it.
            self._abandon(held)
            connections.close_all()

    def _note(self, group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> list[_Told]:
        """Remember what could not be written, before anybody is told; return who is told what."""
        told: list[_Told] = []
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, int) or self._is_heard(waiting, outcome):
                told.append((waiting, outcome))
        return told

    def _is_heard(self, waiting: _Waiting, why: AllotmentError) -> bool:
        """Remember that an entry could not be written; return whether whoever waits for it may have to act on it."""
        if isinstance(why, NotKept) and waiting.has_happened:
            # Who hears that something was not kept tells what became of it; nobody does who has gone.
            if waiting.ticket.cancelled():
                self._owing.owe(waiting.entry, waiting.policy_version, why)
                return False
        elif waiting.has_happened and why.code != REPLAYED:
            self._owing.owe(waiting.entry, waiting.policy_version, why)
        elif isinstance(why, Unavailable):
            self._owing.begin(waiting.policy_version)
        return True

    def _settle(self, told: Sequence[_Told]) -> None:
        """Wake the waiting callers, with one call into each event loop."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
        for one in told:
            by_loop.setdefault(one[0].ticket.get_loop(), []).append(one)
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell, settled)
            except RuntimeError:  # the loop is closed: nobody waits there any more
                for waiting, outcome in settled:
                    self._was_not_told(waiting, outcome)

    def _tell(self, settled: Sequence[_Told]) -> None:
        for waiting, outcome in settled:
            if waiting.ticket.done():
                self._was_not_told(waiting, outcome)
            elif isinstance(outcome, int):
                waiting.ticket.set_result(outcome)
            else:
                waiting.ticket.set_exception(outcome)

    def _abandon(self, held: list[_Waiting]) -> None:
        with self._door:
            self._is_open, self._has_ended = False, True
            left = [*held, *self._line]
            self._line.clear()
            lost = self._owing.left + sum(waiting.has_happened for waiting in left)
        self._settle([(waiting, _unrecorded(gettext("The journal has stopped."))) for waiting in left])
        if lost:
            _log.error("%d entries of the journal could not be written before this process ended.", lost)


def _write(group: Sequence[_Waiting | Owed]) -> list[Outcome]:
    """Write a group; return the ticket of each, or why it has none."""
    outcomes: list[Outcome | None] = [None] * len(group)
    places: list[int] = []
    prepared: list[Prepared] = []
    for place, waiting in enumerate(group):
        try:
            # What belonged to an entry that came too late is not kept.
            also = waiting.also if isinstance(waiting, _Waiting) else None
            prepared.append(prepare(waiting.entry, waiting.policy_version, also))
            places.append(place)
        except AllotmentError as error:
            outcomes[place] = error
    written: Sequence[Outcome]
    try:
        written = _commit(prepared)
    except Error as error:
        connections.close_all()  # the next group tries with a fresh connection
        written = [_unrecorded(str(error)) for _ in prepared]
    for place, outcome in zip(places, written, strict=True):
        outcomes[place] = outcome
    turns.nudge()
    return [outcome for outcome in outcomes if outcome is not None]


def _commit(prepared: Sequence[Prepared]) -> Sequence[Outcome]:
    """Write all in one transaction; where one cannot be written, each in its own."""
    try:
        with turns.writing(), transaction.atomic(durable=True):
            return append(prepared)
    except (IntegrityError, AllotmentError):  # there already, or what belongs to one cannot be written
        return [_commit_alone(one) for one in prepared]


def _commit_alone(prepared: Prepared) -> Outcome:
    try:
        with turns.writing(), transaction.atomic(durable=True):
            return append([prepared])[0]
    except AllotmentError as error:
        return error
    except IntegrityError as error:
        return _refused(prepared, error)
    except Error as error:
        connections.close_all()  # the next one tries with a fresh connection
        return _unrecorded(str(error))


def _refused(prepared: Prepared, cause: IntegrityError) -> AllotmentError:
    try:
        refuse_replayed(prepared.entry, cause)
    except AllotmentError as refusal:
        return refusal
    return _unrecorded(str(cause))


def _again(trouble: AllotmentError) -> AllotmentError:
    """Return an error of its own for one more caller: raising one adds to it."""
    return Unavailable(trouble.message, hint=trouble.hint, code=trouble.code)


def _unrecorded(reason: str) -> Unavailable:
    return Unavailable(
        gettext("This could not be recorded, so it was not done."),
        hint=gettext(
            "Ask an administrator to look at this installation's disk and database. They say: %(reason)s"
        )
        % {"reason": reason},
        code="not-recorded",
    )
