"""Reads a plan from a sentence: “monthly revenue per region, largest first”.

Invariant: every word of the sentence either has a place in the plan or says nothing (“show me the”); a word that may
matter and names no column, no value and nothing of the grammar below ends the reading. Refuses to guess: None means
that somebody should be asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from allotment.engine.tables.asking_where import wheres
from allotment.engine.tables.asking_words import (
    COLUMN,
    FIGURE_WORDS,
    FIRST,
    NUMBER_WORDS,
    PART_WORDS,
    PARTS,
    SAYS_NOTHING,
    Sentence,
)
from allotment.engine.tables.checking import check, figure_name, key_name
from allotment.engine.tables.columns import NUMBERS, TIMES, Column, ColumnKind
from allotment.engine.tables.plan import (
    Compare,
    DatePart,
    Figure,
    Filter,
    Group,
    Key,
    Operation,
    Order,
    Period,
    Plan,
    Sort,
    Top,
    Where,
)

_PERIOD = "year|quarter|month|week|day"
_ITEM = rf"(?:{COLUMN}|day of the week|hour of the day|{PARTS})"
_LIST = rf"{_ITEM}(?:(?:,? and |, ?| & ){_ITEM})*"
_FIGURE = "|".join(FIGURE_WORDS)
_HOW_MANY = r"(?:how many|(?:the )?number of|count of|counts of|count the)"
_AGAINST = r"(?:compared (?:with|to)|against|versus|vs\.?)"
_LATEST = rf"this ({_PERIOD}),? (?:{_AGAINST}|and) (?:the )?(?:last|previous|prior)(?: one| (?:{_PERIOD}))?"
_BESIDE = (
    rf"{_AGAINST} (?:the )?"
    rf"(?:(?:last|previous|prior) (?P<last>{_PERIOD})|(?P<before>{_PERIOD}) before)"
)
_OVER = rf"({_PERIOD})[- ](?:over|on)[- ](?:{_PERIOD})(?: change)?"


def plan_schema() -> dict[str, Any]:
    """Return the JSON schema in which a model may propose a plan: an object with the plan under `plan`."""
    (_,), definitions = msgspec.json.schema_components((Proposal,))
    return {**definitions.pop("Proposal"), "$defs": definitions}


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model answers with."""

    plan: Plan


def plan_from_sentence(
    text: str, columns: Iterable[Column], values: Mapping[str, Iterable[str]] | None = None
) -> Plan | None:
    """Return the plan that a sentence asks for, or None when any word that matters stays unclear.

    `values` are some texts that columns hold (by column name), so that “only open tickets” finds its column.
    """
    columns = tuple(columns)
    wish = _Wish(Sentence(text, columns, values or {}))
    plan = wish.plan() if wish.is_read() else None
    return plan if plan and not check(plan, columns, {}).problems else None


@dataclass
class _Wish:
    """What a sentence asks for, read piece by piece; each piece is taken out of the sentence."""

    sentence: Sentence
    compared: Period | None = None
    is_latest: bool = False
    largest_first: bool | None = None
    sorted_by: Column | None = None
    top: int = 0
    is_bottom: bool = False
    keys: list[Key] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    where: tuple[Where, ...] = ()
    is_unclear: bool = False

    def is_read(self) -> bool:
        """Read the whole sentence; false when something in it stays unclear."""
        self._compared()
        self._ordered()
        self.where = wheres(self.sentence, self._date())
        self._topped()
        self._grouped()
        self._counted()
        self._figured()
        left = self.sentence.words_left()
        return not self.is_unclear and all(word in SAYS_NOTHING for word in left)

    def plan(self) -> Plan | None:
        """Return the plan of what was read."""
        operations: list[Operation] = [Filter(where=self.where)] if self.where else []
        if not self._has_group():
            operations += self._of_rows()
        elif self.compared:
            operations += self._comparison()
        else:
            figures = tuple(self.figures) or (Figure(figure="count"),)
            operations.append(Group(by=tuple(self.keys), figures=figures))
            operations += self._of_group(figures)
        return tuple(operations) or None

    def _has_group(self) -> bool:
        return bool(self.keys or self.compared or (self.figures and not self.top))

    def _of_rows(self) -> list[Operation]:
        if self.top and len(self.figures) == 1 and self.figures[0].figure == "sum":
            return [Top(rows=self.top, by=self.figures[0].column, smallest_first=self.is_bottom)]
        if self.sorted_by and not self.top and not self.figures:
            return [Sort(by=(Order(column=self.sorted_by.name, largest_first=bool(self.largest_first)),))]
        is_whole = not (self.top or self.figures or self.largest_first is not None)
        self.is_unclear = self.is_unclear or not is_whole
        return []

    def _comparison(self) -> list[Operation]:
        date = self._date()
        if self.compared is None or date is None or len(self.figures) > 1 or self.top or self.sorted_by:
            return []
        figure = self.figures[0] if self.figures else Figure(figure="count")
        period = Key(column=date.name, part=self.compared)
        by = tuple(key for key in self.keys if key != period)
        compare = Compare(date=date.name, period=self.compared, figure=figure, by=by)
        if self.is_latest and not by:
            return [compare, Top(rows=1, by=key_name(period))]
        if self.largest_first is None:
            return [compare]
        return [compare, Sort(by=(Order(column=figure_name(figure), largest_first=self.largest_first),))]

    def _of_group(self, figures: tuple[Figure, ...]) -> list[Operation]:
        by = figure_name(figures[0])
        if self.top:
            parts = self.keys[1:]
            per = key_name(parts[0]) if len(parts) == 1 else ""
            self.is_unclear = self.is_unclear or len(parts) > 1 or len(figures) > 1
            return [Top(rows=self.top, by=by, smallest_first=self.is_bottom, per=per)]
        if self.sorted_by:
            figure = next((figure for figure in figures if figure.column == self.sorted_by.name), None)
            key = next((key for key in self.keys if key.column == self.sorted_by.name), None)
            by = figure_name(figure) if figure else key_name(key) if key else self.sorted_by.name
        if self.sorted_by or self.largest_first is not None:
            return [Sort(by=(Order(column=by, largest_first=bool(self.largest_first)),))]
        return []

    def _compared(self) -> None:
        latest = self.sentence.take(_LATEST)
        if latest:
            self.compared, self.is_latest = msgspec.convert(latest[1], Period), True
            return
        beside = self.sentence.take(_BESIDE)
        over = None if beside else self.sentence.take(_OVER)
        found = (beside["last"] or beside["before"]) if beside else over[1] if over else None
        self.compared = msgspec.convert(found, Period | None)

    def _ordered(self) -> None:
        by = self.sentence.take(rf"(?:sort(?:ed)?|order(?:ed)?) by ({COLUMN})")
        if by:
            self.sorted_by = self.sentence.column(by[1])
        direction = self.sentence.take(FIRST)
        if direction:
            self.largest_first = direction["large"] is not None

    def _topped(self) -> None:
        top = self.sentence.take(
            rf"(?:the )?(?:(?P<top>top|best|largest|biggest|highest)|bottom|worst|smallest|lowest)"
            rf" (?P<number>\d{{1,4}}|{'|'.join(NUMBER_WORDS)})(?: (?P<column>{COLUMN})| (?P<noun>rows|\w+)(?= by ))"
        )
        if not top:
            return
        number = top["number"]
        self.top, self.is_bottom = NUMBER_WORDS.get(number) or int(number), top["top"] is None
        if top["column"]:
            column = self.sentence.column(top["column"])
            if column.kind in NUMBERS | TIMES:
                self.is_unclear = True
            self.keys.append(Key(column=column.name))
        by = self.sentence.take(
            rf"(?:by|with the (?:most|highest|largest|lowest|fewest)) (?P<kind>{_FIGURE})? ?(?P<column>{COLUMN})"
        )
        if by:
            self._figure(FIGURE_WORDS.get(by["kind"] or ""), self.sentence.column(by["column"]))

    def _grouped(self) -> None:
        while found := self.sentence.take(
            rf"\b(?:per|for each|for every|in each|each|every|(?:grouped |split |broken down )?by) ({_LIST})"
        ):
            is_by = found[0].endswith(f"by {found[1]}")
            for item in self.sentence.items(found[1], _ITEM):
                self._key(item, is_by=is_by)
        while found := self.sentence.take(r"\b(" + "|".join(PART_WORDS) + r")\b"):
            self._part(PART_WORDS[found[1]], at_first=True)

    def _key(self, item: str, *, is_by: bool) -> None:
        column = self.sentence.column_or_none(item)
        if column is None:
            part = "weekday" if item == "day of the week" else item.removesuffix(" of the day")
            self._part(msgspec.convert(part, DatePart))
        elif is_by and column.kind is ColumnKind.NUMBER:
            self.is_unclear = True
        else:
            self.keys.append(Key(column=column.name))

    def _part(self, part: DatePart, *, at_first: bool = False) -> None:
        date = self._date()
        if date is None:
            self.is_unclear = True
        else:
            self.keys.insert(0 if at_first else len(self.keys), Key(column=date.name, part=part))

    def _date(self) -> Column | None:
        """The one column of dates, or the one of several that the sentence names."""
        dates = [column for column in self.sentence.columns if column.kind in TIMES]
        named = [column for column in dates if column in self.sentence.named]
        return dates[0] if len(dates) == 1 else named[0] if len(named) == 1 else None

    def _counted(self) -> None:
        found = self.sentence.take(
            rf"(?:\bby )?{_HOW_MANY} (?:(?:different|distinct|unique) )?(?:({COLUMN})|\w+)"
        )
        if found and found[1]:
            self.figures.append(Figure(figure="different values", column=self.sentence.column(found[1]).name))
        elif found or self.sentence.take(r"\bcounts?\b"):
            self.figures.append(Figure(figure="count"))

    def _figured(self) -> None:
        while found := self.sentence.take(rf"(?:\b(?P<kind>{_FIGURE}) )?(?:the |of )?(?P<column>{COLUMN})"):
            column = self.sentence.column(found["column"])
            is_said = column.kind in TIMES and any(key.column == column.name for key in self.keys)
            if not (is_said or (self.compared and column == self._date())):
                self._figure(FIGURE_WORDS.get(found["kind"] or ""), column)

    def _figure(self, kind: Any, column: Column) -> None:
        if kind is None and column.kind not in NUMBERS:
            self.is_unclear = True
        else:
            self.figures.append(Figure(figure=kind or "sum", column=column.name))
