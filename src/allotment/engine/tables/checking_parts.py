"""Where in a plan a check is: the columns there, and the problems found on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from allotment.engine.nearest import did_you_mean
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.naming import find

KINDS_IN_WORDS: Mapping[ColumnKind, str] = {
    ColumnKind.TEXT: "text",
    ColumnKind.WHOLE_NUMBER: "a whole number",
    ColumnKind.NUMBER: "a number",
    ColumnKind.DATE: "a date",
    ColumnKind.MOMENT: "a date with a time",
    ColumnKind.YES_NO: "yes or no",
}


@dataclass(frozen=True)
class PlanProblem:
    """One thing to mend. `operation` counts from 0; `part` is the place inside it (`where.0.column`), may be empty."""

    operation: int
    part: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


@dataclass(frozen=True)
class Part:
    """One operation of a plan as it is checked."""

    columns: tuple[Column, ...]
    operation: int = 0
    open_kind: ColumnKind | None = None
    """Kind of the further columns that only the data knows; None when there are none."""
    problems: list[PlanProblem] = field(default_factory=list)
    """Of the whole plan: shared from operation to operation."""
    given_up: list[int] = field(default_factory=list)
    """Has the operation after which nothing more can be said."""

    def at(self, operation: int) -> Self:
        """Return the place of this operation."""
        return replace(self, operation=operation)

    def leaving(self, columns: tuple[Column, ...], open_kind: ColumnKind | None) -> Self:
        """Return the place behind this operation."""
        return replace(self, columns=columns, open_kind=open_kind)

    def give_up(self) -> None:
        """Report nothing more: what comes later stands on columns that nobody knows."""
        self.given_up.append(self.operation)

    def problem(self, part: str, message: str, remedy: str) -> None:
        """Report a problem of this operation."""
        if not self.given_up or self.operation <= self.given_up[0]:
            self.problems.append(PlanProblem(self.operation, part, message, remedy))

    def column(self, name: str, part: str) -> Column | None:
        """Return the column of this name, or report that there is none."""
        found = find(name, self.columns)
        if found is None and self.open_kind is not None:
            return Column(name, self.open_kind)
        if found is None:
            names = (column.name for column in self.columns)
            self.problem(part, f"There is no column “{name}” here.", did_you_mean(name, names))
        return found

    def new_name(self, name: str, part: str) -> None:
        """Report a name that cannot be given to a new column."""
        taken = find(name, self.columns)
        if taken:
            self.problem(part, f"There is already a column “{taken.name}”.", "Give the new one another name.")
