"""What the journal owes: entries of what happened although it could not be written down at once.

Invariant: what is owed stays here until it is on disk or was there already; while anything is owed, `is_behind` says
so, which keeps the gate shut. Its last payment is an entry about the outage itself, so that an outage always shows,
and so that only a journal that can be written again is taken for one. Bounded: what no longer fits is counted in that
entry. Refuses nothing. Entries are put in from the writer's thread or from event loops; they are paid from that thread
only.

An owed entry carries the time at which it is written, and in `happened` the time of what it tells of: a journal whose
entries are older than its signatures looks back-dated to whoever verifies it.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from allotment.engine.recording import Entry, NotKept, Scalar
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Unavailable
from allotment.kernel.ids import new_id

OUTAGE = "journal.write"
"""The action of the entry about the time in which the journal could not be written."""
LATE = "It could not be recorded in time, so nothing more of it was released."

_GROUP = 500
REPLAYED = "replayed"
"""The code of the refusal to write an entry that is there already."""

Outcome = int | AllotmentError
"""The ticket of an entry, or why it has none."""


class Owed(NamedTuple):
    """An entry to write later."""

    entry: Entry
    policy_version: str


class _Outage(NamedTuple):
    """The time in which nothing could be written."""

    id: UUID
    since: datetime
    began: float
    policy_version: str


Write = Callable[[Sequence[Owed]], list[Outcome]]


class Owing:
    """The debts of one writer."""

    def __init__(self, most: int) -> None:
        self._most = most
        """How many entries are kept. While anything is owed the gate is shut, so only calls under way add to them."""
        self._owed: deque[Owed] = deque()
        self._outage: _Outage | None = None
        """There is one as long as anything is owed, and until its own entry is written."""
        self._paid = self._lost = 0
        self._changing = threading.Lock()

    @property
    def is_behind(self) -> bool:
        """Whether something could not be written and still is not."""
        return self._outage is not None

    @property
    def left(self) -> int:
        """How many entries are not on disk: those that are owed, and those that are only counted."""
        return len(self._owed) + self._lost

    def begin(self, policy_version: str) -> None:
        """Note that something could not be written."""
        with self._changing:
            self._begin(policy_version)

    def owe(self, entry: Entry, policy_version: str, why: AllotmentError) -> None:
        """Keep an entry whose effect has happened; `why` is what kept it from being written."""
        is_bare = not isinstance(why, Unavailable | NotKept)
        with self._changing:
            self._begin(policy_version)
            if len(self._owed) < self._most:
                self._owed.append(Owed(_in_truth(entry, is_bare=is_bare), policy_version))
            else:
                self._lost += 1

    def pay(self, write: Write) -> AllotmentError | None:
        """Write everything that is owed; return why that cannot be done yet."""
        while (outage := self._outage) is not None:
            while self._owed:
                # Copied by place: an event loop may append meanwhile. They are taken out once they are written.
                group = [self._owed[place] for place in range(min(len(self._owed), _GROUP))]
                now = clock.now()
                outcomes = write([one._replace(entry=replace(one.entry, at=now)) for one in group])
                if why := self._settle(group, outcomes):
                    return why
            paid, lost = self._paid, self._lost
            (outcome,) = write([_about(outage, paid, lost)])
            if why := _refusal(outcome):
                return why
            self._end(outage, paid, lost)
        return None

    def _begin(self, policy_version: str) -> None:
        if self._outage is None:
            self._outage = _outage(policy_version)

    def _end(self, outage: _Outage, paid: int, lost: int) -> None:
        """Forget what the entry about an outage told. What was added while it was written is another one."""
        with self._changing:
            self._paid -= paid
            self._lost -= lost
            self._outage = _outage(outage.policy_version) if self._owed or self._lost else None

    def _settle(self, group: Sequence[Owed], outcomes: Sequence[Outcome]) -> AllotmentError | None:
        """Take out what was written, keep the rest in its order; return why it was not."""
        left: list[Owed] = []
        why: AllotmentError | None = None
        with self._changing:
            for owed, outcome in zip(group, outcomes, strict=True):
                self._owed.popleft()
                refusal = _refusal(outcome)
                if refusal is None:
                    self._paid += 1
                elif isinstance(refusal, Unavailable):
                    left.append(owed)
                    why = refusal
                else:  # the journal can never hold it
                    self._lost += 1
            self._owed.extendleft(reversed(left))
        return why


def _outage(policy_version: str) -> _Outage:
    return _Outage(new_id(), clock.now(), clock.monotonic(), policy_version)


def _about(outage: _Outage, paid: int, lost: int) -> Owed:
    """Return the entry about an outage."""
    details: dict[str, Scalar] = {
        "since": outage.since.isoformat(),
        "seconds": round(clock.monotonic() - outage.began),
        "late": paid,
        "lost": lost,
    }
    entry = Entry(
        at=clock.now(),
        action=OUTAGE,
        outcome="failed",
        actor=None,
        object_kind="journal",
        object_id="journal",
        details=details,
        flagged=True,
        id=outage.id,
    )
    return Owed(entry, outage.policy_version)


def _refusal(outcome: Outcome) -> AllotmentError | None:
    """Return why an entry is not on disk; None if it is: now, or since a commit that was told as failed."""
    return None if isinstance(outcome, int) or outcome.code == REPLAYED else outcome


def _in_truth(entry: Entry, *, is_bare: bool) -> Entry:
    """Return what is true of an entry that comes late: what it says was done was not given to anybody.

    Bare, it keeps only what is in words: a number in it may be what the journal cannot hold.
    """
    details = {name: value for name, value in entry.details.items() if not is_bare or isinstance(value, str)}
    details["late"] = LATE
    details["happened"] = entry.at.isoformat()
    outcome = entry.outcome if entry.outcome == "refused" else "failed"
    return replace(entry, outcome=outcome, details=details, flagged=True)
