"""Reading what was typed into one form field, according to its kind."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from allotment.engine.spec.app import FieldKind, FormField
from allotment.engine.spec.typed_values import (
    Value,
    is_email,
    read_date,
    read_lines,
    read_money,
    read_number,
    read_yes_no,
)

MOST_CHARACTERS: Mapping[FieldKind, int] = {
    FieldKind.SHORT_TEXT: 300,
    FieldKind.LONG_TEXT: 20_000,
    FieldKind.EMAIL: 254,
    FieldKind.PERSON: 200,
    FieldKind.DOCUMENT: 2_000_000,
    FieldKind.TABLE: 2_000_000,
}
"""Where the field names no `max` of its own."""

Reading = tuple[Value, str]
"""A value, and the problem with it in a sentence (or nothing)."""


def read_field(field: FormField, text: str) -> Reading:
    """Return the value of one field (None when nothing was given) and what is wrong with it, in a sentence."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return None, "This is needed. Fill it in." if field.required else ""
    return _READERS.get(field.kind, _text)(field, text)


def _text(field: FormField, text: str) -> Reading:
    most = field.max or MOST_CHARACTERS.get(field.kind, MOST_CHARACTERS[FieldKind.SHORT_TEXT])
    if len(text) > most:
        return text, f"This has {len(text):,} characters; {most:,} is the most. Shorten it."
    return text, ""


def _within(field: FormField, number: Decimal | None, text: str) -> Reading:
    if number is None:
        return text, "Write a number, such as 1250 or 12.50."
    if field.max is not None and number > field.max:
        return text, f"Write at most {field.max}."
    return number, ""


def _number(field: FormField, text: str) -> Reading:
    return _within(field, read_number(text), text)


def _money(field: FormField, text: str) -> Reading:
    return _within(field, read_money(text), text)


def _date(_: FormField, text: str) -> Reading:
    value = read_date(text)
    return (text, "Write a date as year-month-day, such as 2026-11-03.") if value is None else (value, "")


def _yes_no(_: FormField, text: str) -> Reading:
    value = read_yes_no(text)
    return (text, "Answer yes or no.") if value is None else (value, "")


def _choice(field: FormField, text: str) -> Reading:
    chosen = _option(field, text)
    return (text, _pick(field)) if chosen is None else (chosen, "")


def _several(field: FormField, text: str) -> Reading:
    whole = _option(field, text)
    parts = (text,) if whole else read_lines(text) if "\n" in text else text.split(",")
    chosen = [_option(field, part) for part in parts if part.strip()]
    kept = tuple(dict.fromkeys(option for option in chosen if option is not None))
    return (kept, _pick(field)) if None in chosen else (kept, "")


def _option(field: FormField, text: str) -> str | None:
    wanted = text.strip().casefold()
    return next((option for option in field.options if option.casefold() == wanted), None)


def _pick(field: FormField) -> str:
    return f"Choose from: {', '.join(field.options)}."


def _email(field: FormField, text: str) -> Reading:
    address = text.strip()
    if not is_email(address):
        return text, "Write one e-mail address, such as mira@example.org."
    return _text(field, address)


_READERS: Mapping[FieldKind, Callable[[FormField, str], Reading]] = {
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _money,
    FieldKind.DATE: _date,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CHOICE: _choice,
    FieldKind.SEVERAL: _several,
    FieldKind.EMAIL: _email,
}
