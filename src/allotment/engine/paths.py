"""Dotted paths: `form.<field>`, `steps.<step>`, `steps.<step>.<field>`; a literal after `=`. Nothing else."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allotment.engine.interpreter import State, StepValue

LITERAL = "="


def value_at(source: str, state: "State") -> "StepValue":
    """Return the value a source names; None when its step was skipped or its field left empty."""
    if source.startswith(LITERAL):
        return source.removeprefix(LITERAL)
    root, _, rest = source.partition(".")
    if root == "form":
        return state.form.get(rest)
    name, _, inner = rest.partition(".")
    value = state.values.get(name)
    if inner:
        return value.get(inner) if isinstance(value, Mapping) else None
    return value


def text_of(value: "StepValue") -> str:
    """Return a value as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text_of(inner)}" for name, inner in value.items())
    return value
