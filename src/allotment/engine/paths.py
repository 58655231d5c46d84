"""Dotted paths: `form.<field>`, `steps.<step>`, `steps.<step>.<field>`; a literal after `=`. Nothing else."""

from collections.abc import Mapping

from allotment.engine.spec import typed_values
from allotment.engine.spec.paths import is_literal, literal
from allotment.engine.state import Reference, State, StepValue

__all__ = ("text_of", "value_at")


def text_of(value: StepValue) -> str:
    """Return a value as a person would write it; a table or chart has no words of its own."""
    return "" if isinstance(value, Reference) else typed_values.text_of(value)


def value_at(source: str, state: State) -> StepValue:
    """Return the value a source names; None when its step was skipped or its field left empty."""
    if is_literal(source):
        return literal(source)
    root, _, rest = source.partition(".")
    if root == "form":
        return state.form.get(rest)
    name, _, inner = rest.partition(".")
    value = state.values.get(name)
    if inner:
        return value.get(inner) if isinstance(value, Mapping) else None
    return value
