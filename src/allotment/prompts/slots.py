"""Slots as data: the one written form used by the tables, the starter library and exported files.

Invariant: `slot_from_data(slot_to_data(slot)) == slot`. Refuses unknown keys, names that a `{slot}` cannot have and
examples that would not fit their own slot.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _

from allotment.engine.templates import Slot, SlotKind
from allotment.kernel.errors import Invalid

MAX_SLOTS = 30
MAX_LENGTH = 100_000
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")

Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
Label = Annotated[str, msgspec.Meta(max_length=120)]


class SlotData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A slot as it is written in files and rows."""

    name: Name
    label: Label = ""
    kind: SlotKind = "text"
    required: bool = True
    max_length: Annotated[int, msgspec.Meta(ge=1, le=MAX_LENGTH)] = 4000
    options: Annotated[tuple[Label, ...], msgspec.Meta(max_length=50)] = ()
    example: Annotated[str, msgspec.Meta(max_length=MAX_LENGTH)] = ""


def label_from(name: str) -> str:
    """Return a readable label for a slot's name: `customer_query` → `Customer query`."""
    return name.replace("_", " ").strip().capitalize()


def slot_to_data(slot: Slot) -> dict[str, Any]:
    """Return the written form of a slot, without its defaults."""
    written = SlotData(
        name=slot.name,
        label=slot.label,
        kind=slot.kind,
        required=slot.is_required,
        max_length=slot.max_length,
        options=slot.options,
        example=slot.example,
    )
    data: dict[str, Any] = msgspec.to_builtins(written)
    if "options" in data:
        data["options"] = list(data["options"])
    return data


def slot_from_data(data: object) -> Slot:
    """Return the slot written as `data`; raises `Invalid` when it is not one."""
    try:
        written = msgspec.convert(data, SlotData)
    except msgspec.ValidationError as error:
        name = data.get("name") if isinstance(data, Mapping) else None
        raise Invalid(
            _("The slot “%(name)s” cannot be used: %(problem)s.") % {"name": name or "?", "problem": error},
            hint=_("Give it a name in small letters, a known kind, and only the settings a slot has."),
            where="slots",
        ) from error
    return Slot(
        name=written.name,
        label=written.label or label_from(written.name),
        kind=written.kind,
        is_required=written.required,
        max_length=written.max_length,
        options=written.options,
        example=written.example,
    )


def slots_from_data(data: Iterable[object]) -> tuple[Slot, ...]:
    """Return the slots of a written list."""
    return tuple(slot_from_data(entry) for entry in data)


def slot_problem(slot: Slot) -> str:
    """Return what is wrong with a slot in a sentence, or an empty text."""
    if slot.kind == "choice" and len(set(slot.options)) < 2:  # noqa: PLR2004 - one option is no choice
        return _("A choice needs at least two different options.")
    if len(slot.example) > slot.max_length:
        return _("The example is longer than the most characters allowed.")
    if slot.example and not _fits(slot):
        return _("The example does not fit the kind of this slot.")
    return ""


def _fits(slot: Slot) -> bool:
    match slot.kind:
        case "number":
            return _NUMBER.fullmatch(slot.example) is not None
        case "date":
            return _is_date(slot.example)
        case "choice":
            return slot.example in slot.options
        case "text":
            return "\n" not in slot.example
        case _:
            return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
