"""Dotted paths: `form.<field>`, `steps.<step>`, `steps.<step>.<field>`; a literal after `=`. Nothing else."""

from collections.abc import Mapping

from allotment.engine.spec.paths import is_literal, literal
from allotment.engine.spec.typed_values import text_of
from allotment.engine.state import State, StepValue

__all__ = ("text_of", "value_at")


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
