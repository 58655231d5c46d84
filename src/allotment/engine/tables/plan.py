"""A plan: what is to be computed from a table, as data.

Invariant: these structs are the whole language of tables. There are no expressions, no functions and no SQL; a
person clicks a plan together or a model proposes one in exactly this schema, and `checking` types it against the
columns before anything computes it. Steps of a plan come one after the other; each sees the columns that the one
before left.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from allotment.engine.lines import TEXT_PATTERN, OptionalLine
from allotment.engine.tables.columns import ColumnName

MOST_OPERATIONS = 20
MOST_COLUMNS = 50
MOST_ROWS_KEPT = 1_000_000

OptionalColumn = Annotated[str, Meta(pattern=TEXT_PATTERN, max_length=120)]
TableSource = Annotated[str, Meta(pattern=TEXT_PATTERN, min_length=1, max_length=130)]
"""A path in the app that names another table: `form.targets` or `steps.totals`."""

Period = Literal["year", "quarter", "month", "week", "day"]
DatePart = Literal["", "year", "quarter", "month", "week", "day", "weekday", "hour"]
Aggregate = Literal["count", "sum", "average", "median", "smallest", "largest", "different values"]
Test = Literal[
    "is",
    "is not",
    "contains",
    "begins with",
    "is empty",
    "is not empty",
    "is more than",
    "is less than",
    "is at least",
    "is at most",
]
Arithmetic = Literal["plus", "minus", "times", "divided by", "as percent of", "days since"]


class PlanPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Any part of a plan: immutable, closed, written without its defaults."""


class Where(PlanPart, frozen=True):
    """A test of one column against fixed text, written as people write that kind (`2026-11-03`, `12.5`, `yes`)."""

    column: ColumnName
    is_: Test = msgspec.field(name="is")
    to: OptionalLine = ""


class Key(PlanPart, frozen=True):
    """What rows are put together by: a column, or a part of its date. A period is its first day."""

    column: ColumnName
    part: DatePart = ""


class Figure(PlanPart, frozen=True):
    """One figure of a group of rows. `count` without a column counts rows, with one the cells that are not empty."""

    figure: Aggregate
    column: OptionalColumn = ""
    name: OptionalColumn = ""
    """Of the new column; empty for the usual one (“sum of amount”), see `checking.figure_name`."""


class Order(PlanPart, frozen=True):
    """A column to sort by. Empty cells come last either way."""

    column: ColumnName
    largest_first: bool = False


class Filter(PlanPart, frozen=True, tag_field="do", tag="filter"):
    """Keep the rows for which all tests hold, or any."""

    where: Annotated[tuple[Where, ...], Meta(min_length=1, max_length=10)]
    match: Literal["all", "any"] = "all"


class Group(PlanPart, frozen=True, tag_field="do", tag="group"):
    """One row for each combination of keys (one for everything without keys), in the order of the keys."""

    figures: Annotated[tuple[Figure, ...], Meta(min_length=1, max_length=10)]
    by: Annotated[tuple[Key, ...], Meta(max_length=5)] = ()


class Compute(PlanPart, frozen=True, tag_field="do", tag="compute"):
    """A new column from two: `left` names a column, `right` a column or a fixed number or date after `=`.

    “divided by” and “as percent of” nothing is empty.
    """

    name: ColumnName
    left: ColumnName
    by: Arithmetic
    right: ColumnName


class On(PlanPart, frozen=True):
    """Two columns that must agree; an empty `right` means the same name."""

    left: ColumnName
    right: OptionalColumn = ""


class Join(PlanPart, frozen=True, tag_field="do", tag="join"):
    """Add the columns of another table where rows agree. Columns of a name already there get “ (2)” behind it."""

    table: TableSource
    on: Annotated[tuple[On, ...], Meta(min_length=1, max_length=5)]
    keep: Literal["matching", "all"] = "all"
    """Rows without a partner: dropped, or kept with empty cells."""


class Sort(PlanPart, frozen=True, tag_field="do", tag="sort"):
    """Order the rows."""

    by: Annotated[tuple[Order, ...], Meta(min_length=1, max_length=5)]


class Top(PlanPart, frozen=True, tag_field="do", tag="top"):
    """Keep the first rows by a column: of all, or for each value of `per`."""

    rows: Annotated[int, Meta(ge=1, le=MOST_ROWS_KEPT)]
    by: ColumnName
    smallest_first: bool = False
    per: OptionalColumn = ""


class Pivot(PlanPart, frozen=True, tag_field="do", tag="pivot"):
    """A row for each combination of `rows`, a column for each value of `across` (at most 50), a figure in each."""

    rows: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=3)]
    across: Key
    figure: Figure


class Compare(PlanPart, frozen=True, tag_field="do", tag="compare"):
    """A figure for each period beside the period before: columns for the figure, “before”, “change”, “change %”."""

    date: ColumnName
    period: Period
    figure: Figure
    by: Annotated[tuple[Key, ...], Meta(max_length=3)] = ()
    """Compared within each combination of these."""


class Kept(PlanPart, frozen=True):
    """A column to keep, under a new name if one is given."""

    column: ColumnName
    name: OptionalColumn = ""


class Keep(PlanPart, frozen=True, tag_field="do", tag="keep"):
    """Keep these columns, in this order."""

    columns: Annotated[tuple[Kept, ...], Meta(min_length=1, max_length=MOST_COLUMNS)]


Operation = Filter | Group | Compute | Join | Sort | Top | Pivot | Compare | Keep
Plan = Annotated[tuple[Operation, ...], Meta(max_length=MOST_OPERATIONS)]
