"""Columns of a table: a name as the person's file has it, and the kind of what it holds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from allotment.engine.lines import TEXT_PATTERN

ColumnName = Annotated[
    str,
    Meta(pattern=TEXT_PATTERN, min_length=1, max_length=120, title="Column", description="Name of a column."),
]


class ColumnKind(StrEnum):
    """What the cells of a column are. A cell that is blank, or does not read as its kind, is empty."""

    TEXT = "text"
    WHOLE_NUMBER = "whole number"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "date and time"
    YES_NO = "yes/no"


NUMBERS = frozenset({ColumnKind.WHOLE_NUMBER, ColumnKind.NUMBER})
TIMES = frozenset({ColumnKind.DATE, ColumnKind.MOMENT})


@dataclass(frozen=True)
class Column:
    """One column. Names are unique in a table, without regard to case."""

    name: str
    kind: ColumnKind
