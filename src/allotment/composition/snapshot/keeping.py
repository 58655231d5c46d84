"""Keeping the snapshot of this process true: a thread asks what changed and reads that anew.

Invariant: a snapshot is replaced as a whole, and its age counts from the last look that succeeded. When the database
does not answer, or reading ends in a defect, the old one stays but grows old, until the gate refuses to decide from it;
the thread goes on looking, so that everything is well again as soon as a look succeeds.
"""

import logging
import threading
from collections.abc import Callable, Collection

from django.db import Error, close_old_connections, connections

from allotment.composition.snapshot.facts import Snapshot
from allotment.composition.snapshot.taking import Change, renew, take
from allotment.engine.gate.defects import TROUBLE, words
from allotment.journal.changes import ChangeFeed
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable

POLL_SECONDS = 0.25
AGE_LIMIT_SECONDS = 5.0
"""Facts older than this decide nothing."""
_WHOLE_SECONDS = 300.0
"""Everything is read anew this often, for what somebody changed past the journal."""

_log = logging.getLogger(__name__)
_keeper: "Keeper | None" = None


def use(keeper: "Keeper | None") -> None:
    """Let this process know what `keeper` knows, or nothing at shutdown (composition root only)."""
    global _keeper  # noqa: PLW0603 - the one switch of this module
    _keeper = keeper


def current() -> Snapshot:
    """Return the facts as this process knows them; raises `Unavailable` when it keeps none."""
    if _keeper is None:
        raise Unavailable(
            "This process does not know the rules and rights.", hint="Start the server with `allotment up`."
        )
    return _keeper.current()


class Keeper:
    """Holds the snapshot. Start it once per process, after providers can be reached."""

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        self._poll_seconds = poll_seconds
        self._snapshot: Snapshot | None = None
        self._looked_at = self._whole_at = float("-inf")
        self._told: Callable[[str], None] | None = None
        self._trouble = ""
        self._wake, self._is_over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)

    def start(self) -> None:
        """Read everything, then follow changes. Blocks while it reads; not for the event loop."""
        self._feed = ChangeFeed()  # before reading, so that no change falls between
        self._take()
        self._thread.start()

    def tell_of_connections(self, told: Callable[[str], None] | None) -> None:
        """Call `told` from now on with the id of each connection that was changed, once the change is known here."""
        self._told = told

    def stop(self) -> None:
        """End the thread. Blocks for a moment; not for the event loop."""
        self._is_over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def current(self) -> Snapshot:
        """Return the facts as they are known now; raises `Unavailable` before the first reading."""
        if self._snapshot is None:
            raise Unavailable("The rules and rights are still being read.", hint="Try again in a moment.")
        return self._snapshot

    def age(self) -> float:
        """Return how many seconds ago the facts were last known to be true."""
        return clock.monotonic() - self._looked_at

    def nudge(self) -> None:
        """Look for changes now."""
        self._wake.set()

    def _run(self) -> None:
        due: frozenset[Change] = frozenset()
        try:
            while not self._is_over.is_set():
                self._wake.wait(self._poll_seconds)
                self._wake.clear()
                due = self._look(due)
        finally:
            connections.close_all()

    def _look(self, due: frozenset[Change]) -> frozenset[Change]:
        """Read what changed and return what is still to be read: nothing, unless reading failed."""
        started = clock.monotonic()
        try:
            due |= self._feed.poll_objects()
            if started - self._whole_at > _WHOLE_SECONDS:
                self._take()
            elif due:
                self._renew(due)
        except (Error, *TROUBLE) as error:
            connections.close_all()  # the next look tries with a fresh connection
            self._say_once(words(error))
            return due
        self._looked_at, self._trouble = started, ""
        close_old_connections()
        return frozenset()

    def _say_once(self, trouble: str) -> None:
        """Log a trouble when it begins, by its name alone: its text may repeat what somebody wrote."""
        if trouble != self._trouble:
            _log.error("rules and rights cannot be read, and nothing passes once they are old: %s", trouble)
        self._trouble = trouble

    def _take(self) -> None:
        started = clock.monotonic()
        self._snapshot = take()
        self._looked_at = self._whole_at = started

    def _renew(self, changes: Collection[Change]) -> None:
        self._snapshot = renew(self.current(), changes)
        for kind, id_ in changes:
            if kind == "connection" and self._told is not None:
                self._told(id_)
