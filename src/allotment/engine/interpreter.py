"""The step interpreter: which effect comes next, and what a run shows in the end.

Invariant: pure and total. A state is the form plus the answers so far; steps only look back and jump forward,
so every run ends. Refuses: answers that do not fit what the step asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from allotment.engine.choosing import taken
from allotment.engine.paths import text_of, value_at
from allotment.engine.spec.app import (
    App,
    Ask,
    Chart,
    Choose,
    FieldKind,
    ForEach,
    Read,
    Save,
    Shown,
    Table,
)
from allotment.engine.spec.checking_tables import ROW
from allotment.engine.spec.typed_values import Value
from allotment.engine.state import FormValue, Reference, State, StepValue
from allotment.engine.tables.plan import Join
from allotment.engine.templates import CHOICES


@dataclass(frozen=True)
class AskEffect:
    """Ask a model: the step, and the text for each slot (`choices` too, for templates that want it)."""

    step: Ask
    slots: Mapping[str, str]
    tables: Mapping[str, Reference] = field(default_factory=dict)
    """Slots that get the first rows of a table."""


@dataclass(frozen=True)
class ReadEffect:
    """Read the document somebody gave in form field `document`."""

    step: Read
    document: str


@dataclass(frozen=True)
class TableEffect:
    """Compute a table from another one; `others` are those that its plan joins, by their path."""

    step: Table
    source: Reference
    others: Mapping[str, Reference]


@dataclass(frozen=True)
class ChartEffect:
    """Draw a table."""

    step: Chart
    source: Reference


@dataclass(frozen=True)
class ForEachEffect:
    """Ask a model for each row of a table. `slots` are the texts that are the same for every row."""

    step: ForEach
    source: Reference
    slots: Mapping[str, str]
    columns: Mapping[str, str]
    """Slots that get a column of the row: slot to column."""


@dataclass(frozen=True)
class SaveEffect:
    """Save one record of `values`, or the rows of the table `rows`."""

    step: Save
    values: Mapping[str, str]
    rows: Reference | None


@dataclass(frozen=True)
class Stop:
    """The app ends here with a sentence for the person."""

    message: str


@dataclass(frozen=True)
class ShownValue:
    """One part of the result with its value."""

    shown: Shown
    value: StepValue


@dataclass(frozen=True)
class Finished:
    """Every step is done."""

    parts: tuple[ShownValue, ...]


Effect = AskEffect | ReadEffect | TableEffect | ChartEffect | ForEachEffect | SaveEffect
Next = Effect | Stop | Finished


def next_effect(app: App, state: State) -> tuple[Next, State]:
    """Walk over `choose` steps to the next effect; returns it with the state in which it is to happen."""
    while state.position < len(app.steps):
        step = app.steps[state.position]
        if not isinstance(step, Choose):
            return _effect(step, state), state
        chosen = _choose(app, step, state)
        if isinstance(chosen, Stop):
            return chosen, state
        state = chosen
    parts = tuple(ShownValue(shown, value_at(shown.from_, state)) for shown in app.result)
    return Finished(tuple(part for part in parts if part.value is not None)), state


def begun(app: App, values: Mapping[str, Value]) -> State:
    """Return the state in which an app begins, from the typed values of its form."""
    tables = {field.field for field in app.form if field.kind is FieldKind.TABLE}
    form: dict[str, FormValue] = {
        name: Reference("table", f"form.{name}") if name in tables and value is not None else value
        for name, value in values.items()
    }
    return State(form)


def _effect(step: Ask | Read | Table | Chart | ForEach | Save, state: State) -> Effect:
    match step:
        case Ask():
            values = {slot: value_at(source, state) for slot, source in step.with_.items()}
            tables = {slot: value for slot, value in values.items() if isinstance(value, Reference)}
            return AskEffect(step, _slots(step, values), tables)
        case Read():
            return ReadEffect(step, step.from_.removeprefix("form."))
        case Table():
            joined = [operation.table for operation in step.plan if isinstance(operation, Join)]
            return TableEffect(
                step, _table(step.from_, state), {path: _table(path, state) for path in joined}
            )
        case Chart():
            return ChartEffect(step, _table(step.from_, state))
        case ForEach():
            return _for_each(step, state)
        case Save():
            values = {name: value_at(source, state) for name, source in step.values.items()}
            texts = {name: text_of(value) for name, value in values.items()}
            return SaveEffect(step, texts, _table(step.from_, state) if step.from_ else None)


def _for_each(step: ForEach, state: State) -> ForEachEffect:
    columns = {slot: path.removeprefix(ROW) for slot, path in step.with_.items() if path.startswith(ROW)}
    values = {slot: value_at(path, state) for slot, path in step.with_.items() if slot not in columns}
    return ForEachEffect(step, _table(step.rows, state), _slots(step, values), columns)


def _table(path: str, state: State) -> Reference:
    """Return the table a path names; one that was left out or skipped is a table without rows."""
    value = value_at(path, state)
    return value if isinstance(value, Reference) else Reference("table", path)


def _slots(step: Ask | ForEach, values: Mapping[str, StepValue]) -> Mapping[str, str]:
    texts = {slot: text_of(value) for slot, value in values.items() if not isinstance(value, Reference)}
    return {CHOICES: ", ".join(step.answer.choice or step.answer.fields), **texts}


def _choose(app: App, step: Choose, state: State) -> Stop | State:
    case = taken(step, state)
    if case is None:
        value = value_at(step.otherwise, state) if step.otherwise else None
        return apply(state, step.step, value)
    if case.stop:
        return Stop(case.stop)
    if case.go_to:
        place = next(place for place, other in enumerate(app.steps) if other.step == case.go_to)
        return replace(apply(state, step.step, None), position=place)
    return apply(state, step.step, value_at(case.value, state) if case.value else None)


def apply(state: State, step: str, value: StepValue) -> State:
    """Return the state after a step, with what it holds."""
    return replace(state, values={**state.values, step: value}, position=state.position + 1)
