"""What changed, for those who hold a copy in memory: one row for each governed change.

Invariant: the row is written in the transaction of the change, so whoever reads it reads the change too; and a
change is told even if its transaction commits after later ones.
Refuses: nothing; old rows are trimmed, the journal itself has the history.
"""

from collections.abc import Callable

from allotment.engine.recording import Entry
from allotment.journal.arriving import TAIL, Arrivals
from allotment.journal.inserting import Change
from allotment.journal.models import JournalChange

QUIET = frozenset(
    {
        "apps.run", "models.ask", "models.try", "models.check", "runs.receipt", "account.sign-in", "home.see",
        "gallery.see", "apps.see", "runs.see", "templates.see", "models.see", "people.see", "policies.see",
        "journal.read",
    }
)  # fmt: skip
"""Actions that leave everything as it was. Any other is a change when it is done."""
KEPT = 10_000
"""Rows that stay when old ones are trimmed."""

_tell: Callable[[], None] | None = None


def tell_with(tell: Callable[[], None] | None) -> None:
    """Call `tell` in the thread that changed something in this process, right after its commit."""
    global _tell  # noqa: PLW0603 - the one switch of this module
    _tell = tell


def tell() -> None:
    """Say that something changed just now."""
    if _tell is not None:
        _tell()


def change_of(entry: Entry) -> Change | None:
    """Return what `entry` changed, if it tells of a change."""
    if entry.outcome != "done" or entry.action in QUIET:
        return None
    return entry.object_kind, entry.object_id


class ChangeFeed:
    """Tells one reader what changed since it last asked. Ask from one thread at a time."""

    def __init__(self) -> None:
        numbers = set(JournalChange.objects.order_by("-number").values_list("number", flat=True)[:TAIL])
        self._arrivals = Arrivals(
            JournalChange.objects.all(), "number", newest=max(numbers, default=0), tail=numbers
        )

    def poll(self) -> frozenset[str]:
        """Return the kinds of things that changed since the last poll, or since this feed was made.

        Raises `django.db.Error` when the database does not answer; then ask again.
        """
        return frozenset(kind for kind, _ in self.poll_objects())

    def poll_objects(self) -> frozenset[Change]:
        """Return kind and id of what changed, instead of the kinds alone."""
        return frozenset((kind, one) for _, kind, one in self._arrivals.new("kind", "object_id"))


def trim(kept: int = KEPT) -> None:
    """Remove all but the newest rows."""
    newest = JournalChange.objects.order_by("-number").values_list("number", flat=True).first()
    if newest is not None:
        JournalChange.objects.filter(number__lte=newest - kept).delete()
