"""Reading a filled-in form: from the text people typed to typed values, or one sentence per field that does not fit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from allotment.engine.spec.app import App, FieldKind, FormField

Value = str | Decimal | date | bool | tuple[str, ...] | None
"""What a form field or a step holds. Documents are their file's name until a `read` step turns them into text."""

MOST_CHARACTERS = {FieldKind.SHORT_TEXT: 500, FieldKind.LONG_TEXT: 20_000}
"""Where a field names no limit of its own."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True)
class FormReading:
    """Typed values by field, and what is wrong with the rest."""

    values: Mapping[str, Value] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


class _Unfit(ValueError):
    """What a person typed does not fit; the message says why and what to do."""


def read_form(app: App, raw: Mapping[str, str]) -> FormReading:
    """Check and type every field of the form; fields the form does not have are ignored."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for form_field in app.form:
        try:
            values[form_field.field] = _read(form_field, raw.get(form_field.field, "").strip())
        except _Unfit as unfit:
            problems[form_field.field] = str(unfit)
    return FormReading(values, problems)


def _read(form_field: FormField, text: str) -> Value:
    if not text:
        if form_field.required:
            raise _Unfit("This is needed. Fill it in.")
        return None
    return _READERS.get(form_field.kind, _text)(form_field, text)


def _text(form_field: FormField, text: str) -> Value:
    most = form_field.max or MOST_CHARACTERS.get(form_field.kind, 500)
    if len(text) > most:
        raise _Unfit(f"This has {len(text):,} characters; {most:,} is the most. Shorten it.")
    return text


def _number(form_field: FormField, text: str) -> Value:
    try:
        number = Decimal(text.replace(" ", "").replace("'", "").replace(",", "."))
    except InvalidOperation:
        raise _Unfit(f"“{text[:40]}” is not a number. Write it like 1234.50.") from None
    if not number.is_finite():
        raise _Unfit("This is not a number that can be counted with. Write it like 1234.50.")
    if form_field.max is not None and number > form_field.max:
        raise _Unfit(f"{number} is more than {form_field.max}, the largest this field takes.")
    return number


def _date(_: FormField, text: str) -> Value:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Unfit(f"“{text[:40]}” is not a date. Write it as year-month-day, like 2027-03-31.") from None


def _yes_no(_: FormField, text: str) -> Value:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise _Unfit("Say yes or no.")


def _choice(form_field: FormField, text: str) -> Value:
    for option in form_field.options:
        if option.casefold() == text.casefold():
            return option
    raise _Unfit(f"“{text[:40]}” is not one of the choices: {', '.join(form_field.options)}.")


def _several(form_field: FormField, text: str) -> Value:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(str(_choice(form_field, part)) for part in parts)


def _email(_: FormField, text: str) -> Value:
    if not _EMAIL.fullmatch(text):
        raise _Unfit(f"“{text[:60]}” is not an e-mail address. Write it like name@example.org.")
    return text


_READERS: Mapping[FieldKind, Callable[[FormField, str], Value]] = {
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _number,
    FieldKind.DATE: _date,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CHOICE: _choice,
    FieldKind.SEVERAL: _several,
    FieldKind.EMAIL: _email,
}
