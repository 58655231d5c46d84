"""Records what lasts in the sequencer, so that it is found later: a stop and its end, and what gets no place.

Invariant: each is recorded once, however many processes and starts it outlasts.
"""

from collections.abc import Mapping

from allotment.engine.recording import Entry, Outcome, Scalar
from allotment.journal import turns
from allotment.journal.models import JournalEntry
from allotment.journal.recording import record
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError

LATE_SECONDS = 60.0
"""What passes sooner is not worth an entry."""
SIGN = "journal.sign"
"""The action of the entry that tells that signing has stopped (“failed”), or that it goes on (“done”)."""
HOLD_BACK = "journal.hold-back"
"""The action of the entry that tells which ticket gets no place. Signing goes on."""


class Teller:
    """For the thread of one sequencer."""

    def __init__(self) -> None:
        self._stopped_at: float | None = None
        self._is_stop_told: bool | None = None
        """None while nobody looked."""
        self._held_back: int | None = None
        self._held_back_at = 0.0
        self._is_told = False

    def tell_stop(self, failure: AllotmentError | None, *, leads: bool) -> None:
        """Record that signing has stopped, or, once somebody signs again, that it goes on."""
        if failure is None:
            if self._stopped_at is not None or not leads:
                self._stopped_at = self._is_stop_told = None  # another process may have told meanwhile
            if leads and self._has_told():
                _note(SIGN, "done", "", {})
                self._is_stop_told = False
            return
        if self._stopped_at is None:
            self._stopped_at, self._is_stop_told = clock.monotonic(), None
        if clock.monotonic() - self._stopped_at > LATE_SECONDS and not self._has_told():
            _note(SIGN, "failed", "", {"why": failure.message, "code": failure.code})
            self._is_stop_told = True

    def tell_held_back(self, ticket: int | None) -> None:
        """Record that an entry gets no place."""
        if ticket != self._held_back:
            self._held_back, self._held_back_at, self._is_told = ticket, clock.monotonic(), False
        if ticket is None or self._is_told or clock.monotonic() - self._held_back_at <= LATE_SECONDS:
            return
        told = JournalEntry.objects.filter(action=HOLD_BACK, object_id=str(ticket))
        if not told.exists():
            _note(HOLD_BACK, "done", str(ticket), {"code": "unknown-successor"})
        self._is_told = True

    def _has_told(self) -> bool:
        """Whether the newest entry about it says that signing has stopped."""
        if self._is_stop_told is None:
            newest = JournalEntry.objects.filter(action=SIGN).order_by("-ticket")
            self._is_stop_told = newest.values_list("outcome", flat=True).first() == "failed"
        return self._is_stop_told


def _note(action: str, outcome: Outcome, about: str, details: Mapping[str, Scalar]) -> None:
    entry = Entry(
        at=clock.now(),
        action=action,
        outcome=outcome,
        actor=None,
        object_kind="journal",
        object_id=about,
        details=details,
        flagged=True,
    )
    with turns.writing():
        record(entry)
