"""Reads the new rows of a growing table, those that commit late included.

On PostgreSQL a transaction takes its number when it writes and shows its row when it commits; a later number may be
seen first. SQLite has one writer at a time, so nothing is ever late there and no gap is ever seen.
Invariant: every row comes once, provided that its transaction commits within `PATIENCE_SECONDS` of the first row
with a higher number.
"""

from typing import Any

from django.db.models import QuerySet

from allotment.kernel import clock

PATIENCE_SECONDS = 3600
"""How long a missing number is asked for. Transactions here last moments; one undone leaves its number unused."""
MOST_MISSING = 20_000
"""Missing numbers asked for; a jump beyond it is a moved sequence, not so many open transactions."""
TAIL = 1_000
"""How far below the newest row a reader that starts looks for numbers that are still missing."""
_AT_ONCE = 1_000


class Arrivals:
    """Where one reader of `rows` stands. `number` is the name of their primary key."""

    def __init__(self, rows: QuerySet[Any], number: str, *, newest: int, tail: set[int]) -> None:
        """Start behind the row `newest`; `tail` holds those of the last `TAIL` numbers that were read before."""
        self._rows = rows
        self._number = number
        self._newest = newest
        self._missing: dict[int, float] = {}
        self._miss(max(1, newest - TAIL + 1), newest, tail)

    def new(self, *columns: str, most: int | None = None) -> list[tuple[Any, ...]]:
        """Return number and `columns` of the rows that are new, at most `most` and those that came late."""
        late = self._late(columns)
        following = self._rows.filter(**{f"{self._number}__gt": self._newest}).order_by(self._number)
        found = list(following.values_list(self._number, *columns)[:most])
        if found:
            self._miss(self._newest + 1, found[-1][0], {row[0] for row in found})
            self._newest = found[-1][0]
        return late + found

    def _late(self, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        self._give_up()
        missing = list(self._missing)
        for start in range(0, len(missing), _AT_ONCE):
            these = self._rows.filter(**{f"{self._number}__in": missing[start : start + _AT_ONCE]})
            found += these.order_by(self._number).values_list(self._number, *columns)
        for row in found:
            del self._missing[row[0]]
        return found

    def _miss(self, first: int, last: int, seen: set[int]) -> None:
        if last - first + 1 == len(seen):
            return
        now = clock.monotonic()
        first = max(first, last - MOST_MISSING)
        self._missing.update((number, now) for number in range(first, last) if number not in seen)

    def _give_up(self) -> None:
        """Forget the oldest of what has not come."""
        oldest = clock.monotonic() - PATIENCE_SECONDS
        while self._missing:
            number = next(iter(self._missing))
            if self._missing[number] > oldest and len(self._missing) <= MOST_MISSING:
                return
            del self._missing[number]
