"""Names of columns: finding them as people write them, and naming new ones.

Invariant: a name is found without regard to case and surrounding blanks, and a new name never equals one that is
there in that sense.
"""

import re
from collections.abc import Iterable

from allotment.engine.tables.columns import Column
from allotment.engine.tables.plan import Figure, Key

LONGEST_NAME = 120
COMPARED = ("before", "change", "change %")
"""Names of the three columns that comparing adds."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def folded(name: str) -> str:
    """Return what two names have in common when they mean the same column."""
    return name.strip().casefold()


def find(name: str, columns: Iterable[Column]) -> Column | None:
    """Return the column of this name."""
    wanted = folded(name)
    return next((column for column in columns if folded(column.name) == wanted), None)


def figure_name(figure: Figure) -> str:
    """Return the name of the column that a figure makes: its own, or “sum of amount”, or “count”."""
    usual = f"{figure.figure} of {figure.column}" if figure.column else figure.figure
    return (figure.name or usual)[:LONGEST_NAME].strip()


def key_name(key: Key) -> str:
    """Return the name of the column that a key makes: the column's own, or “month of Date”."""
    return (f"{key.part} of {key.column}" if key.part else key.column)[:LONGEST_NAME].strip()


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name, with “ (2)” or the next number behind it when it is taken; without control characters."""
    clean = _CONTROL.sub(" ", name).strip()[:LONGEST_NAME].strip() or "Column"
    used = {folded(other) for other in taken}
    number, free = 2, clean
    while folded(free) in used:
        behind = f" ({number})"
        free = clean[: LONGEST_NAME - len(behind)] + behind
        number += 1
    return free
