"""Checks of the form and of the sample that fills it."""

from collections.abc import Iterator

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.app import App, FieldKind, FormField
from allotment.engine.spec.field_values import read_field
from allotment.engine.spec.flaws import Flaw, option_flaws, repeated
from allotment.engine.tables.naming import folded

_WITH_OPTIONS = frozenset({FieldKind.CHOICE, FieldKind.SEVERAL})
_WITHOUT_MAX = frozenset(
    {*_WITH_OPTIONS, FieldKind.DATE, FieldKind.YES_NO, FieldKind.DOCUMENT, FieldKind.TABLE}
)


def form_problems(app: App) -> Iterator[Flaw]:
    """Find flaws of the form."""
    yield from repeated((field.field for field in app.form), "form", "field")
    for index, field in enumerate(app.form):
        yield from _field(field, index)


def _field(field: FormField, index: int) -> Iterator[Flaw]:
    if not field.label.strip():
        yield Flaw(("form", index, "label"), "The label is blank.", "Ask for what people should fill in.")
    if field.kind in _WITH_OPTIONS:
        yield from option_flaws(field.options, ("form", index, "options"))
    elif field.options:
        yield Flaw(
            ("form", index, "options"),
            f"A field of the kind “{field.kind}” has no options.",
            "Remove the options, or make it a choice.",
        )
    if field.columns and field.kind is not FieldKind.TABLE:
        yield Flaw(("form", index, "columns"), "Only a table has columns.", "Remove `columns`.")
    seen: set[str] = set()
    for place, expected in enumerate(field.columns):
        if folded(expected.column) in seen:
            yield Flaw(
                ("form", index, "columns", place, "column"),
                f"There are two columns “{expected.column}”.",
                "Keep one of them; capitals make no difference.",
            )
        seen.add(folded(expected.column))
    if field.max is not None and field.kind in _WITHOUT_MAX:
        yield Flaw(
            ("form", index, "max"), f"A field of the kind “{field.kind}” has no maximum.", "Remove `max`."
        )


def sample_problems(app: App) -> Iterator[Flaw]:
    """Find sample values that have no field or do not fit it."""
    fields = {field.field: field for field in app.form}
    for name, text in app.sample.items():
        if name not in fields:
            yield Flaw(("sample", name), f"The form has no field “{name}”.", did_you_mean(name, fields))
            continue
        _, problem = read_field(fields[name], text)
        if problem:
            yield Flaw(("sample", name), "The example does not fit its field.", problem)
