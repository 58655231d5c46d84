"""Reading a filled-in form: from the text people typed to typed values, or a sentence per field that misfits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from allotment.engine.spec.app import App
from allotment.engine.spec.field_values import read_field
from allotment.engine.spec.typed_values import Value

__all__ = ("FormReading", "Value", "read_form")


@dataclass(frozen=True)
class FormReading:
    """Typed values by field, and what is wrong with the rest."""

    values: Mapping[str, Value] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def read_form(app: App, raw: Mapping[str, str]) -> FormReading:
    """Check and type every field of the form; fields the form does not have are ignored."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for form_field in app.form:
        value, problem = read_field(form_field, raw.get(form_field.field, ""))
        if problem:
            problems[form_field.field] = problem
        else:
            values[form_field.field] = value
    return FormReading(values, problems)
