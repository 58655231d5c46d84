"""Which checkpoint in the database is the newest. Whoever rules the database can write rows, so no row says so itself.

Invariant: what is found bears the signature of a key that is trusted, over as many entries as its row says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allotment.journal.models import JournalCheckpoint, JournalLeaf
from allotment.journal.tree.checkpoints import SignedCheckpoint, open_checkpoint
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import Invalid

_MOST = 10_000
"""Rows looked at from above. Those that are not ours can only stand where nobody signed yet, so there are few."""
_AT_ONCE = 500


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint in the database that a trusted key signed."""

    size: int
    at: datetime
    """As the row says: finer than the signature, and nobody signed it."""
    opened: SignedCheckpoint


def tree_size() -> int:
    """Return how many entries have a place."""
    last = JournalLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    return 0 if last is None else last + 1


def newest_checkpoint(trusted: Iterable[Verifier], most: int | None = None) -> Newest | None:
    """Return the newest checkpoint that one of `trusted` signed, over at most `most` entries if given."""
    known = tuple(trusted)
    rows = JournalCheckpoint.objects.order_by("-size").values_list("size", "note")
    if most is not None:
        rows = rows.filter(size__lte=most)
    page, seen = list(rows[:1]), 0
    while page and seen < _MOST:
        for size, note in page:
            opened = opened_row(size, note, known)
            if opened is not None:
                at = JournalCheckpoint.objects.filter(size=size).values_list("at", flat=True).first()
                return Newest(size, at or opened.at, opened)
        seen += len(page)
        page = list(rows.filter(size__lt=page[-1][0])[:_AT_ONCE])
    return None


def signed_size(trusted: Iterable[Verifier]) -> int:
    """Return how many entries are under the newest checkpoint that one of `trusted` signed."""
    newest = newest_checkpoint(trusted, tree_size())
    return newest.size if newest else 0


def opened_row(size: int, note: object, trusted: Iterable[Verifier]) -> SignedCheckpoint | None:
    """Return what a row says; None if no key in `trusted` signed it, or it says another size than its row."""
    if not isinstance(note, str):  # SQLite keeps whatever is written into a column
        return None
    try:
        opened = open_checkpoint(note, trusted)
    except Invalid:
        return None
    return opened if opened.checkpoint.size == size else None
