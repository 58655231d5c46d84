"""Dotted paths and what they name: `form.x`, `steps.reply`, `steps.details.amount`.

Invariant: a path names a value that exists before the place that uses it. There is nothing else in a path: no
indexes, no functions, no arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.spec.app import (
    AnswerFieldKind,
    App,
    Ask,
    Chart,
    Choose,
    FieldKind,
    ForEach,
    FormField,
    Read,
    Save,
    Step,
    Table,
)
from allotment.engine.spec.typed_values import ValueKind
from allotment.engine.tables.checking import check
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.naming import free_name

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


_KIND_OF_ANSWER: Mapping[AnswerFieldKind, ColumnKind] = {
    "text": ColumnKind.TEXT,
    "number": ColumnKind.NUMBER,
    "yes/no": ColumnKind.YES_NO,
    "date": ColumnKind.DATE,
    "list": ColumnKind.TEXT,
}


@dataclass(frozen=True)
class Known:
    """What is known of a value before the app runs."""

    kind: ValueKind
    options: tuple[str, ...] = ()
    """The only texts it can be; empty when it can be any."""
    may_be_empty: bool = False
    columns: tuple[Column, ...] = ()
    """Of a table."""
    has_more_columns: bool = False
    """Whether the table has further columns whose names only the data knows."""


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
    columns = tuple(Column(expected.column, expected.kind) for expected in field.columns)
    return Known(KIND_OF_FIELD[field.kind], options, may_be_empty=not field.required, columns=columns)


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
        case Table():
            return {path: _known_table(step, known)}
        case Chart():
            return {path: Known("chart")}
        case ForEach():
            return {path: _known_rows(step, known)}
        case Save():
            return {}


def tables_in(known: Mapping[str, Known]) -> dict[str, tuple[Column, ...]]:
    """Return the tables among what is known, with their columns."""
    return {path: value.columns for path, value in known.items() if value.kind == "table"}


def columns_added(step: ForEach) -> tuple[Column, ...]:
    """Return the columns that the answers of a `for each` step become."""
    if not step.answer.fields:
        return (Column(step.column or spoken(step.step), ColumnKind.TEXT),)
    return tuple(Column(spoken(name), _KIND_OF_ANSWER[kind]) for name, kind in step.answer.fields.items())


def spoken(name: str) -> str:
    """Return the name of a step or an answer's field as a heading: “Late fee” for `late_fee`."""
    return name.replace("_", " ").replace("-", " ").capitalize()


def _known_table(step: Table, known: Mapping[str, Known]) -> Known:
    source = known.get(step.from_, Known("table"))
    checked = check(step.plan, source.columns, tables_in(known))
    return Known(
        "table", columns=checked.last(source.columns), has_more_columns=checked.open_kind is not None
    )


def _known_rows(step: ForEach, known: Mapping[str, Known]) -> Known:
    source = known.get(step.rows, Known("table"))
    columns = source.columns
    for column in columns_added(step):
        name = free_name(column.name, (other.name for other in columns))
        columns = (*columns, Column(name, column.kind))
    return Known("table", columns=columns, has_more_columns=source.has_more_columns)


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
