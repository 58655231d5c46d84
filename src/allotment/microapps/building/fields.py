"""Changes of the form and its sample, as functions from one plain spec to the next.

Invariant: a field keeps its name while its label changes, so that what uses it goes on working; only a field that
still has the name it was born with is named after its label, and then every path follows.
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from allotment.engine.spec.app import FieldKind
from allotment.engine.spec.words import MOST_FIELDS
from allotment.kernel.errors import TooLarge
from allotment.microapps.building.naming import (
    Plain,
    free_name,
    is_name,
    line,
    mapping,
    named,
    paragraph,
    parts,
    spoken,
)
from allotment.microapps.building.references import renamed, without

NEW_FIELD = "new_field"
WITH_OPTIONS = frozenset({FieldKind.CHOICE, FieldKind.SEVERAL})
WITH_MAX = frozenset({FieldKind.SHORT_TEXT, FieldKind.LONG_TEXT, FieldKind.NUMBER, FieldKind.MONEY})


def add_field(
    plain: Plain, label: str, kind: FieldKind = FieldKind.SHORT_TEXT, name: str = NEW_FIELD
) -> Plain:
    """Add a field at the end of the form."""
    form = parts(plain, "form")
    if len(form) >= MOST_FIELDS:
        raise TooLarge(
            _("A form has at most %(most)s fields.") % {"most": MOST_FIELDS},
            hint=_("Remove one first, or ask for several things in one."),
        )
    born = free_name(name, field_names(plain), "field")
    added: Plain = {"field": born, "label": line(label) or spoken(born)}
    if kind is not FieldKind.SHORT_TEXT:
        added["kind"] = kind.value
    return {**plain, "form": [*form, added]}


def set_field(plain: Plain, name: str, values: Mapping[str, object]) -> Plain:
    """Give a field what was said of it: `label`, `kind`, `required`, `help`, `options`, `max`."""
    return {
        **plain,
        "form": [
            _field(field, values) if field["field"] == name else field for field in parts(plain, "form")
        ],
    }


def _field(before: Plain, values: Mapping[str, object]) -> Plain:
    kind, name = FieldKind(str(values["kind"])), str(before["field"])
    field: Plain = {"field": name, "label": line(str(values["label"])) or spoken(name)}
    if kind is not FieldKind.SHORT_TEXT:
        field["kind"] = kind.value
    if values.get("required"):
        field["required"] = True
    if words := line(str(values.get("help") or "")):
        field["help"] = words
    options = values.get("options")
    if kind in WITH_OPTIONS and isinstance(options, Sequence) and options:
        field["options"] = list(options)
    if kind in WITH_MAX and isinstance(most := values.get("max"), int):
        field["max"] = most
    if kind is FieldKind.TABLE and before.get("columns"):
        field["columns"] = before["columns"]
    return field


def move_field(plain: Plain, name: str, by: int) -> Plain:
    """Move a field up (-1) or down (1); at the end of the list it stays."""
    return {**plain, "form": moved(parts(plain, "form"), _position(plain, name), by)}


def remove_field(plain: Plain, name: str) -> Plain:
    """Take a field out, with its sample and every use of it."""
    form = [field for field in parts(plain, "form") if field.get("field") != name]
    sample = {key: value for key, value in mapping(plain, "sample").items() if key != name}
    return without({**plain, "form": form, "sample": sample}, f"form.{name}")


def rename_field(plain: Plain, old: str, words: str) -> Plain:
    """Name a field after words; every path and its sample follow."""
    new = free_name(words, field_names(plain) - {old}, "field")
    if new == old or old not in field_names(plain):
        return plain
    form = [{**field, "field": new} if field["field"] == old else field for field in parts(plain, "form")]
    sample = {new if key == old else key: value for key, value in mapping(plain, "sample").items()}
    return renamed({**plain, "form": form, "sample": sample}, f"form.{old}", f"form.{new}")


def settle_field_names(plain: Plain, unsaid: str) -> Plain:
    """Name the fields that still have the name they were born with after their label, unless it is `unsaid`."""
    for field in parts(named(plain), "form"):
        if field["field"].startswith(NEW_FIELD) and field.get("label") not in {"", unsaid}:
            plain = rename_field(plain, field["field"], str(field["label"]))
    return plain


def set_sample(plain: Plain, values: Mapping[str, str]) -> Plain:
    """Set example values by field; empty ones are left out, those of other fields stay."""
    sample = {key: value for key, value in mapping(plain, "sample").items() if key not in values}
    given = {key: paragraph(value) for key, value in values.items() if is_name(key)}
    return {**plain, "sample": {**sample, **{key: value for key, value in given.items() if value}}}


def field_names(plain: Plain) -> set[str]:
    """Return the names of the fields."""
    return {str(field.get("field")) for field in parts(plain, "form")}


def moved(items: list[Plain], index: int | None, by: int) -> list[Plain]:
    """Return a list with one item moved by some places, as far as there is room."""
    if index is None:
        return items
    rest = items[:index] + items[index + 1 :]
    at = min(max(index + by, 0), len(rest))
    return [*rest[:at], items[index], *rest[at:]]


def _position(plain: Plain, name: str) -> int | None:
    form = parts(plain, "form")
    return next((index for index, field in enumerate(form) if field.get("field") == name), None)
