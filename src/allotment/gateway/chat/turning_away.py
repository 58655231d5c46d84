"""Recording who was turned away at the door, without letting them fill the journal.

Invariant: the first refusals of a minute have an entry each, the rest are counted, and the next entry carries their
number. Holds no part of any key: the id of the key whose public part was named, if there is one.
"""

from allotment.engine.actions import Action
from allotment.engine.gate.values import Refused
from allotment.engine.recording import Entry, Recorder
from allotment.gateway.chat.bearer import Stranger
from allotment.kernel import clock

MOST_IN_A_MINUTE = 30
_MINUTE_SECONDS = 60.0


class TurnedAway:
    """The refusals at the door of this process."""

    def __init__(self) -> None:
        self._minute_ends = 0.0
        self._written = self._uncounted = 0

    async def record(self, recorder: Recorder, stranger: Stranger) -> int | None:
        """Write one entry and return its ticket; None when this minute has enough of them."""
        now = clock.monotonic()
        if now >= self._minute_ends:
            self._minute_ends, self._written = now + _MINUTE_SECONDS, 0
        if self._written >= MOST_IN_A_MINUTE:
            self._uncounted += 1
            return None
        self._written += 1
        uncounted, self._uncounted = self._uncounted, 0
        return await recorder.record(_entry(stranger, uncounted))


def _entry(stranger: Stranger, uncounted: int) -> Entry:
    key, refused = stranger.key, stranger.refused
    return Entry(
        at=clock.now(),
        action=Action.USE_KEY.value,
        outcome="refused",
        actor=stranger.person,
        object_kind="key",
        object_id=str(key.id) if key else "unknown",
        app=key.app if key else None,
        details=_details(refused, uncounted),
        flagged=uncounted > 0,
    )


def _details(refused: Refused, uncounted: int) -> dict[str, str | int]:
    return {"stage": refused.stage.value, "rule": refused.rule, "more_before_it": uncounted}
