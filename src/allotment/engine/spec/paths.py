"""Dotted paths and what they name: `form.x`, `steps.reply`, `steps.details.amount`.

Invariant: a path names a value that exists before the place that uses it. There is nothing else in a path: no
indexes, no functions, no arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.spec.app import App, Ask, Choose, FieldKind, FormField, Read, Step
from allotment.engine.spec.typed_values import ValueKind

LITERAL = "="
"""Marks fixed text where a path could stand: `=banking`."""

KIND_OF_FIELD: Mapping[FieldKind, ValueKind] = {
    FieldKind.SHORT_TEXT: "text",
    FieldKind.LONG_TEXT: "text",
    FieldKind.NUMBER: "number",
    FieldKind.MONEY: "number",
    FieldKind.DATE: "date",
    FieldKind.YES_NO: "yes/no",
    FieldKind.CHOICE: "text",
    FieldKind.SEVERAL: "list",
    FieldKind.EMAIL: "text",
    FieldKind.PERSON: "text",
    FieldKind.TABLE: "table",
    FieldKind.DOCUMENT: "document",
}


@dataclass(frozen=True)
class Known:
    """What is known of a value before the app runs."""

    kind: ValueKind
    options: tuple[str, ...] = ()
    """The only texts it can be; empty when it can be any."""
    may_be_empty: bool = False


def is_literal(source: str) -> bool:
    """Whether a source is fixed text rather than a path."""
    return source.startswith(LITERAL)


def literal(source: str) -> str:
    """Return the text of a literal source."""
    return source.removeprefix(LITERAL)


def known_before(app: App, position: int) -> dict[str, Known]:
    """Return every path that may be used by the step at `position` (or the result, past the last step)."""
    known = {f"form.{field.field}": _known_field(field) for field in app.form}
    for step in app.steps[:position]:
        known.update(_known_step(step, known))
    return known


def _known_field(field: FormField) -> Known:
    options = field.options if field.kind is FieldKind.CHOICE else ()
    return Known(KIND_OF_FIELD[field.kind], options, may_be_empty=not field.required)


def _known_step(step: Step, known: Mapping[str, Known]) -> dict[str, Known]:
    path = f"steps.{step.step}"
    match step:
        case Ask(answer=answer) if answer.fields:
            fields = {
                f"{path}.{name}": Known(kind, may_be_empty=True) for name, kind in answer.fields.items()
            }
            return {path: Known("fields")} | fields
        case Ask(answer=answer):
            return {path: Known("text", answer.choice)}
        case Read():
            return {path: Known("text")}
        case Choose():
            return _known_choice(step, known)


def _known_choice(step: Choose, known: Mapping[str, Known]) -> dict[str, Known]:
    sources = [case.value for case in step.cases if case.value] + ([step.otherwise] if step.otherwise else [])
    if not sources:
        return {}
    kinds = {
        "text" if is_literal(source) else known[source].kind for source in sources if _is_known(source, known)
    }
    all_literal = all(is_literal(source) for source in sources)
    return {
        f"steps.{step.step}": Known(
            kinds.pop() if len(kinds) == 1 else "text",
            tuple(dict.fromkeys(literal(source) for source in sources)) if all_literal else (),
            may_be_empty=not step.otherwise,
        )
    }


def _is_known(source: str, known: Mapping[str, Known]) -> bool:
    return is_literal(source) or source in known
