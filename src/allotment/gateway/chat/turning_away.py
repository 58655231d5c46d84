"""Recording who was turned away at the door, without letting them fill the journal.

Invariant: the first refusals of a minute have an entry each, the rest are counted, and the next entry carries their
number. Each valid key has a count of its own, and all requests without one share one, so that no stranger hides what
a holder did, nor one holder what another did. Holds no part of any key: the id of the key whose public part was
named, if there is one.
"""

from collections import Counter
from typing import Final
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.gate.values import Refused
from allotment.engine.recording import Entry, Recorder
from allotment.gateway.chat.bearer import Stranger
from allotment.kernel import clock

MOST_IN_A_MINUTE: Final = 30
_MINUTE_SECONDS = 60.0


class TurnedAway:
    """The refusals at the door of this process, by whose key was right; None stands for all strangers."""

    def __init__(self) -> None:
        self._minute_ends = 0.0
        self._written: Counter[UUID | None] = Counter()
        self._unwritten: Counter[UUID | None] = Counter()

    async def record(self, recorder: Recorder, stranger: Stranger) -> int | None:
        """Write one entry and return its ticket; None when this minute has enough of them."""
        now = clock.monotonic()
        if now >= self._minute_ends:
            self._minute_ends = now + _MINUTE_SECONDS
            self._written.clear()
        whose = _holder(stranger)
        if self._written[whose] >= MOST_IN_A_MINUTE:
            self._unwritten[whose] += 1
            return None
        self._written[whose] += 1
        return await recorder.record(_entry(stranger, self._unwritten.pop(whose, 0)))


def _holder(stranger: Stranger) -> UUID | None:
    """Return the id of the key that was right, if one was: one whose public part was only named counts for nothing."""
    return None if stranger.key is None or stranger.person is None else stranger.key.id


def _entry(stranger: Stranger, unwritten: int) -> Entry:
    key, refused = stranger.key, stranger.refused
    return Entry(
        at=clock.now(),
        action=Action.USE_KEY.value,
        outcome="refused",
        actor=stranger.person,
        object_kind="key",
        object_id=str(key.id) if key else "unknown",
        app=key.app if key else None,
        details=_details(refused, unwritten),
        flagged=refused.flagged or unwritten > 0,
    )


def _details(refused: Refused, unwritten: int) -> dict[str, str | int]:
    return {"stage": refused.stage.value, "rule": refused.rule, "more_before_it": unwritten}
