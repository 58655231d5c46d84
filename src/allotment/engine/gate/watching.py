"""Watching what every call rests on: the clock, how fresh this process's facts are, and whether the journal is written.

Invariant: while one of them is in doubt nothing passes. Time limits, budgets and the order of the journal all lean on
the wall clock; rights lean on the snapshot; and what cannot be recorded is not begun. Pure: clocks, ages and the state
of the journal are given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allotment.engine.gate.ports import Watch
from allotment.engine.gate.values import Passage, Refused, Stage
from allotment.kernel import clock

JUMP_SECONDS = 5.0
STEADY_SECONDS = 10.0
FRESHER_SECONDS = 1.0
"""How soon facts are read again."""
WRITABLE_SECONDS = 0.5
"""How soon the journal tries again to write."""
SLEW = 0.001
"""How far a healthy clock may drift per second: twice what adjtime(3) uses to correct one (500 ppm)."""


class ClockWatch:
    """Compares the wall clock with one that nobody can set; closes the gate when they part.

    A jump closes it until the clock has been steady for a while. Slow drift is taken up at every look. After a
    jump backwards, what was issued before it is refused: its end lies further away than it was given.
    """

    def __init__(
        self,
        wall: Callable[[], float] = lambda: clock.now().timestamp(),
        steady: Callable[[], float] = clock.since_boot,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._offset, self._looked = wall() - steady(), steady()
        self._closed_until = self._went_back = float("-inf")

    def trouble(self, passage: Passage) -> Refused | None:
        """Return a refusal while the clock is not to be trusted, or when it went back under this passage."""
        now = self._steady()
        offset = self._wall() - now
        moved, self._offset = offset - self._offset, offset
        if abs(moved) > JUMP_SECONDS + (now - self._looked) * SLEW:
            self._closed_until = now + STEADY_SECONDS
            if moved < 0:
                self._went_back = now
        self._looked = now
        if now < self._closed_until:
            return Refused(
                Stage.IDENTIFY,
                "clock",
                "The clock of this machine jumped, so times cannot be trusted right now.",
                "Try again in ten seconds. If it happens again, ask an administrator to look at the machine's clock.",
                flagged=True,
                passes_in_seconds=self._closed_until - now,
            )
        if passage.issued < self._went_back:
            return Refused(
                Stage.IDENTIFY,
                "clock went back",
                "The clock of this machine was set back after this was permitted, so the permission is over.",
                "Start it again; nothing was sent.",
                flagged=True,
            )
        return None


@dataclass(frozen=True)
class Freshness:
    """How old the facts of this process are, and how old they may be."""

    age_seconds: Callable[[], float]
    limit_seconds: float


@dataclass(frozen=True)
class FreshnessWatch:
    """Refuses to decide from facts that are older than their limit."""

    freshness: Freshness

    def trouble(self, passage: Passage) -> Refused | None:  # noqa: ARG002 - old facts are old for everybody
        """Return a refusal while the facts are too old."""
        age = self.freshness.age_seconds()
        if age <= self.freshness.limit_seconds:
            return None
        return Refused(
            Stage.IDENTIFY,
            "stale facts",
            f"The rules and rights known here are {age:.0f} seconds old, which is too old to decide from.",
            "Try again in a moment. If it goes on, tell an administrator: the log of the server says why.",
            flagged=True,
            passes_in_seconds=FRESHER_SECONDS,
        )


@dataclass(frozen=True)
class JournalWatch:
    """Refuses to begin what could not be recorded."""

    can_write: Callable[[], bool]

    def trouble(self, passage: Passage) -> Refused | None:  # noqa: ARG002 - it can be written for all or for none
        """Return a refusal while the journal cannot be written."""
        if self.can_write():
            return None
        return Refused(
            Stage.IDENTIFY,
            "journal",
            "The journal cannot be written right now, and what cannot be recorded is not done.",
            "Try again in a moment. If it goes on, ask an administrator to look at the disk and the database.",
            flagged=True,
            passes_in_seconds=WRITABLE_SECONDS,
        )


@dataclass(frozen=True)
class Watches:
    """Several watches as one: the first trouble counts."""

    watches: Sequence[Watch]

    def trouble(self, passage: Passage) -> Refused | None:
        """Return the first trouble. Each watch looks every time, so that none misses a change."""
        first: Refused | None = None
        for watch in self.watches:
            trouble = watch.trouble(passage)
            first = first or trouble
        return first


def watching(freshness: Freshness | None = None, can_write: Callable[[], bool] | None = None) -> Watch:
    """Return the watch of a process: its clock, and its facts and its journal if it keeps any."""
    watches: list[Watch] = [ClockWatch()]
    if freshness is not None:
        watches.append(FreshnessWatch(freshness))
    if can_write is not None:
        watches.append(JournalWatch(can_write))
    return watches[0] if len(watches) == 1 else Watches(watches)
