"""Fixed values in a plan, read by the kind of the column they are held against.

Refuses to guess: what does not clearly read as its kind is None, and `checking` says so in words.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from allotment.engine.tables.columns import NUMBERS, ColumnKind

Literal = str | Decimal | bool | date | datetime
"""A date stays a date even where moments are meant: it stands for the whole day."""

_NUMBER = re.compile(r"[+-]?(\d{1,15}|\d{1,3}([ ,]\d{3}){1,4})(\.\d{1,6})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}

HOW_TO_WRITE = {
    ColumnKind.TEXT: "Write some text.",
    ColumnKind.WHOLE_NUMBER: "Write a number, such as 1250 or 12.5.",
    ColumnKind.NUMBER: "Write a number, such as 1250 or 12.5.",
    ColumnKind.DATE: "Write a date as year-month-day, such as 2026-11-03.",
    ColumnKind.MOMENT: "Write a date such as 2026-11-03, or with a time: 2026-11-03 14:30.",
    ColumnKind.YES_NO: "Write yes or no.",
}


def read_literal(text: str, kind: ColumnKind) -> Literal | None:
    """Return the value that `text` stands for beside a column of this kind."""
    text = text.strip()
    if kind in NUMBERS:
        return read_number(text)
    if kind is ColumnKind.YES_NO:
        return _YES_NO.get(text.casefold())
    if kind is ColumnKind.TEXT:
        return text or None
    return _moment(text) if kind is ColumnKind.MOMENT else _date(text)


def read_number(text: str) -> Decimal | None:
    """Return a number written like `1234.5`, `1,234.5` or `1 234.5`."""
    return Decimal(re.sub("[ ,]", "", text)) if _NUMBER.fullmatch(text) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _moment(text: str) -> date | datetime | None:
    if not _MOMENT.fullmatch(text):
        return _date(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
