"""Which picture a table becomes: the kind of chart, what lies along the bottom, what is measured, what has colours.

Invariant: pure. What nobody chose is chosen from the kinds of the columns and the number of different values; the
same rows give the same drawing. Refuses: columns that the table does not have, and what cannot be measured.
Source of the choices: S. Few, “Show Me the Numbers”, chapters 6 and 7.
"""

from dataclasses import dataclass, replace
from typing import Literal

from allotment.engine.nearest import did_you_mean
from allotment.engine.phrases import Phrase, Piece
from allotment.engine.tables.columns import NUMBERS, TIMES, Column
from allotment.engine.tables.naming import find
from allotment.engine.tables.rows import Rows
from allotment.kernel.errors import Invalid

Kind = Literal["bar", "line", "area", "pie", "scatter", "histogram"]
MOST_COLOURS = 8
MOST_SLICES = 8
_KINDS: tuple[Kind, ...] = ("bar", "line", "area", "pie", "scatter", "histogram")
ROWS_COUNTED = ""
"""As `y`: the number of rows."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for; empty where it is to be chosen."""

    kind: str = ""
    x: str = ""
    y: str = ""
    colour: str = ""
    title: str = ""


@dataclass(frozen=True)
class Drawing:
    """A chart as it is to be drawn. `y` is empty where rows are counted, `colour` where there is one colour."""

    kind: Kind
    x: str
    y: str
    colour: str
    title: str
    why: Phrase
    """Why this kind, in a sentence."""


@dataclass(frozen=True)
class _Choices:
    """The columns of a table by what they can be."""

    times: tuple[Column, ...]
    numbers: tuple[Column, ...]
    names: tuple[Column, ...]


def choose(rows: Rows, wanted: Wanted) -> Drawing:
    """Return what to draw. Raises `Invalid` for a column that is not there or cannot be measured."""
    if not rows.columns:
        raise Invalid("There is nothing to draw: the table has no columns.", hint="Draw another table.")
    named = {key: _column(rows, getattr(wanted, key)) for key in ("x", "y", "colour")}
    choices = _choices(rows)
    x = named["x"] or _along(choices, wanted, named["y"])
    y = named["y"] or _measured(choices, wanted, x)
    _refuse_unmeasured(rows, wanted, y)
    colour = named["colour"] or (None if wanted.x and wanted.y else _coloured(rows, choices, x, y))
    kind, why = _kind(wanted, x, y)
    if kind in ("pie", "histogram"):
        colour = None
    if kind == "histogram":
        y = None
    drawing = Drawing(
        kind, x.name, "" if y is None else y.name, "" if colour is None else colour.name, wanted.title, why
    )
    return drawing if wanted.title else replace(drawing, title=_title(drawing))


def _choices(rows: Rows) -> _Choices:
    columns = [
        column
        for place, column in enumerate(rows.columns)
        if any(row[place] is not None for row in rows.rows)
    ]
    columns = columns or list(rows.columns)
    return _Choices(
        tuple(one for one in columns if one.kind in TIMES),
        tuple(one for one in columns if one.kind in NUMBERS),
        tuple(one for one in columns if one.kind not in NUMBERS | TIMES),
    )


def _name(column: Column | None) -> str:
    return "" if column is None else column.name


def _column(rows: Rows, name: str) -> Column | None:
    if not name:
        return None
    found = find(name, rows.columns)
    if found is None:
        names = [column.name for column in rows.columns]
        raise Invalid(f"The table has no column “{name}”.", hint=did_you_mean(name, names))
    return found


def _along(choices: _Choices, wanted: Wanted, y: Column | None) -> Column:
    """Return what lies along the bottom: time before names, names before numbers."""
    numbers = [one for one in choices.numbers if one != y]
    if wanted.kind in ("scatter", "histogram") and numbers:
        return numbers[0]
    if wanted.kind == "pie" and choices.names:
        return choices.names[0]
    first = (*choices.times, *choices.names, *numbers, *choices.numbers)
    return first[0]


def _measured(choices: _Choices, wanted: Wanted, x: Column) -> Column | None:
    numbers = [one for one in choices.numbers if one != x]
    return numbers[0] if numbers and wanted.kind != "histogram" else None


def _coloured(rows: Rows, choices: _Choices, x: Column, y: Column | None) -> Column | None:
    """Return a column of few names that, with `x`, tells the rows apart; without it they would be summed up."""
    if y is None or x in choices.numbers:
        return None
    place = rows.columns.index(x)
    if len({row[place] for row in rows.rows}) == len(rows.rows):
        return None
    for one in choices.names:
        values = {row[rows.columns.index(one)] for row in rows.rows}
        if one != x and len(values) <= MOST_COLOURS:
            return one
    return None


def _kind(wanted: Wanted, x: Column, y: Column | None) -> tuple[Kind, Phrase]:
    for kind in _KINDS:
        if wanted.kind == kind:
            return kind, Phrase("Chosen by the maker of the app.")
    names = {"x": Piece(x.name), "y": Piece("" if y is None else y.name)}
    if x.kind in TIMES:
        return "line", Phrase("A line, because {x} is a time.", names)
    if x.kind not in NUMBERS:
        return "bar", Phrase("Bars, because {x} names things to compare.", names)
    if y is None:
        return "histogram", Phrase("A histogram, because {x} is a single number for each row.", names)
    return "scatter", Phrase("Dots, because {x} and {y} are both numbers.", names)


def _refuse_unmeasured(rows: Rows, wanted: Wanted, y: Column | None) -> None:
    if y is not None and y.kind not in NUMBERS:
        numbers = ", ".join(column.name for column in rows.columns if column.kind in NUMBERS)
        raise Invalid(
            f"“{y.name}” holds no numbers, so it cannot be how high something is.",
            hint=f"Choose a column of numbers: {numbers}."
            if numbers
            else "Compute a number first, such as a sum.",
        )
    if wanted.kind == "scatter" and y is None:
        raise Invalid(
            "Dots need two columns of numbers.", hint="Draw bars instead, or compute a second number."
        )


def _title(drawing: Drawing) -> str:
    if drawing.kind == "histogram":
        return f"How {drawing.x} is spread"
    if drawing.kind == "scatter":
        return f"{drawing.y} against {drawing.x}"
    by = f" and {drawing.colour}" if drawing.colour else ""
    return f"{drawing.y or 'Number of rows'} by {drawing.x}{by}"
