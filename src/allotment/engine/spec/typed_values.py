"""Values as the form and the steps hold them: read from text, written to text.

Invariant: numbers are decimals, never floats; None means “not given”, whatever the kind. Refuses to guess: what
does not clearly read as its kind is None, and the caller says so.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

ValueKind = Literal["text", "number", "date", "yes/no", "list", "fields", "document", "table", "chart"]
Value = str | Decimal | date | bool | tuple[str, ...] | None
"""What a field or a step holds. A document is its file's name until a `read` step turns it into text."""
StepValue = Value | Mapping[str, Value]

_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3}){1,4}(\.\d{1,9})?")
_COMMA = re.compile(r"[+-]?\d{1,15},\d{1,2}")
_POINTS_AND_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3}){1,4},\d{1,9}")
_CURRENCY = re.compile(r"^(?:[€$£¥₹]|[A-Z]{3}\b)\s*|\s*(?:[€$£¥₹]|\b[A-Z]{3})$")
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f']")
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}\.[^@\s<>,;\".]{2,63}")


def read_number(text: str) -> Decimal | None:
    """Return a number written like `1234.5`, `1,234.50`, `1.234,50`, `1 234` or `12,5`."""
    bare = _SPACES.sub("", text)
    if _PLAIN.fullmatch(bare):
        return Decimal(bare)
    if _THOUSANDS.fullmatch(bare):
        return Decimal(bare.replace(",", ""))
    if _COMMA.fullmatch(bare) or _POINTS_AND_COMMA.fullmatch(bare):
        return Decimal(bare.replace(".", "").replace(",", "."))
    return None


def read_money(text: str) -> Decimal | None:
    """Return an amount; a currency sign or code before or after it is allowed and not kept."""
    return read_number(_CURRENCY.sub("", text.strip()))


def read_date(text: str) -> date | None:
    """Return a date written as ISO 8601, `2026-11-03`; None for anything else."""
    try:
        return date.fromisoformat(text.strip()) if "-" in text else None
    except ValueError:
        return None


def read_yes_no(text: str) -> bool | None:
    """Return the answer to a yes/no question."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None


def read_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a list, without bullets and blank lines."""
    lines = (line.strip().removeprefix("- ").removeprefix("* ").strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def is_email(text: str) -> bool:
    """Whether text looks like one e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def text_of(value: StepValue) -> str:
    """Return a value as a person would write it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case tuple():
            return ", ".join(value)
        case str():
            return value
        case _:
            return "\n".join(f"{name}: {text_of(inner)}" for name, inner in value.items())
