"""Checks of the steps: their order, their conditions, what they use."""

from collections.abc import Iterator, Mapping

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.app import (
    Answer,
    App,
    Ask,
    Case,
    Chart,
    Choose,
    Comparison,
    Condition,
    ForEach,
    Read,
    Save,
    Table,
)
from allotment.engine.spec.checking_tables import chart_flaws, for_each_flaws, save_flaws, table_flaws
from allotment.engine.spec.flaws import Flaw, option_flaws, path_flaws, repeated, source_flaws
from allotment.engine.spec.paths import Known, known_before
from allotment.engine.spec.typed_values import ValueKind, read_date, read_number, read_yes_no
from allotment.engine.spec.yaml_text import Position

_COMPARES: Mapping[Comparison, frozenset[ValueKind]] = {
    "is": frozenset({"text", "number", "date", "yes/no"}),
    "is not": frozenset({"text", "number", "date", "yes/no"}),
    "contains": frozenset({"text", "list"}),
    "is more than": frozenset({"number", "date"}),
    "is less than": frozenset({"number", "date"}),
}
_EMPTINESS = frozenset({"is empty", "is not empty"})


def step_problems(app: App) -> Iterator[Flaw]:
    """Find flaws of the steps."""
    names = [step.step for step in app.steps]
    if not names:
        yield Flaw(("steps",), "The app does nothing yet.", "Add a step.")
    yield from repeated(names, "steps", "step")
    for index, step in enumerate(app.steps):
        known, later, position = known_before(app, index), names[index:], ("steps", index)
        match step:
            case Ask():
                yield from _ask(step, known, later, position)
            case Read():
                yield from _read(step, known, later, position)
            case Choose():
                yield from _choose(step, known, names, index)
            case _:
                yield from _with_tables(step, known, later, position)


def _with_tables(
    step: Table | Chart | ForEach | Save, known: Mapping[str, Known], later: list[str], position: Position
) -> Iterator[Flaw]:
    match step:
        case Table():
            yield from table_flaws(step, known, later, position)
        case Chart():
            yield from chart_flaws(step, known, later, position)
        case Save():
            yield from save_flaws(step, known, later, position)
        case ForEach():
            yield from for_each_flaws(step, known, later, position)
            yield from _answer(step.answer, (*position, "answer"))


def _ask(step: Ask, known: Mapping[str, Known], later: list[str], position: Position) -> Iterator[Flaw]:
    for slot, source in step.with_.items():
        yield from source_flaws(source, known, later, (*position, "with", slot))
    yield from _answer(step.answer, (*position, "answer"))


def _answer(answer: Answer, position: Position) -> Iterator[Flaw]:
    if answer.choice and answer.fields:
        yield Flaw(position, "An answer is either one of some labels or some fields.", "Keep one of the two.")
    if answer.max_words and (answer.choice or answer.fields):
        yield Flaw((*position, "max_words"), "Only a free text has a number of words.", "Remove `max_words`.")
    if answer.choice:
        yield from option_flaws(answer.choice, (*position, "choice"))


def _read(step: Read, known: Mapping[str, Known], later: list[str], position: Position) -> Iterator[Flaw]:
    position = (*position, "from")
    yield from path_flaws(step.from_, known, later, position)
    if step.from_ in known and known[step.from_].kind != "document":
        yield Flaw(
            position, f"“{step.from_}” is not a document.", "Read a form field of the kind “document”."
        )


def _choose(step: Choose, known: Mapping[str, Known], names: list[str], index: int) -> Iterator[Flaw]:
    position: Position = ("steps", index)
    if not step.cases:
        yield Flaw((*position, "cases"), "There is nothing to choose from.", "Add a case.")
    for number, case in enumerate(step.cases):
        place = (*position, "cases", number)
        yield from _outcome(case, known, names, (index, place))
        if not case.when:
            yield Flaw((*place, "when"), "The case has no condition.", "Say when it applies.")
        for which, condition in enumerate(case.when):
            yield from _condition(condition, known, names[index:], (*place, "when", which))
    if step.otherwise:
        yield from source_flaws(step.otherwise, known, names[index:], (*position, "otherwise"))


def _outcome(
    case: Case, known: Mapping[str, Known], names: list[str], at: tuple[int, Position]
) -> Iterator[Flaw]:
    index, place = at
    outcomes = [key for key in ("stop", "go_to", "value") if getattr(case, key).strip()]
    if len(outcomes) != 1:
        yield Flaw(
            place,
            "A case does exactly one thing." if outcomes else "The case does nothing.",
            "Stop with a sentence, go to a later step, or take a value.",
        )
    if case.value:
        yield from source_flaws(case.value, known, names[index:], (*place, "value"))
    if case.go_to and case.go_to not in names:
        remedy = did_you_mean(case.go_to, names[index + 1 :]) or "Add the step first."
        yield Flaw((*place, "go_to"), f"There is no step “{case.go_to}”.", remedy)
    elif case.go_to and names.index(case.go_to) <= index:
        yield Flaw(
            (*place, "go_to"),
            f"“{case.go_to}” does not come later.",
            "Go on at a step further down: never back.",
        )


def _condition(
    condition: Condition, known: Mapping[str, Known], later: list[str], position: Position
) -> Iterator[Flaw]:
    yield from path_flaws(condition.value, known, later, (*position, "value"))
    if condition.is_ in _EMPTINESS:
        if condition.to:
            yield Flaw((*position, "to"), f"“{condition.is_}” compares with nothing.", "Remove `to`.")
        return
    if not condition.to.strip():
        yield Flaw((*position, "to"), "It does not say what to compare with.", "Add `to`, or use “is empty”.")
    elif condition.value in known:
        yield from _comparable(condition, known[condition.value], position)


def _comparable(condition: Condition, value: Known, position: Position) -> Iterator[Flaw]:
    if value.kind not in _COMPARES[condition.is_]:
        fitting = ", ".join(f"“{name}”" for name, kinds in _COMPARES.items() if value.kind in kinds)
        remedy = f"Use one of: {fitting}." if fitting else "Compare one of its fields instead."
        yield Flaw(
            (*position, "is"),
            f"“{condition.value}” is a {value.kind}; “{condition.is_}” cannot be asked.",
            remedy,
        )
    elif value.kind == "number" and read_number(condition.to) is None:
        yield Flaw((*position, "to"), f"“{condition.to}” is not a number.", "Write digits, such as 250.")
    elif value.kind == "date" and read_date(condition.to) is None:
        yield Flaw((*position, "to"), f"“{condition.to}” is not a date.", "Write year-month-day: 2026-11-03.")
    elif value.kind == "yes/no" and read_yes_no(condition.to) is None:
        yield Flaw(
            (*position, "to"), f"“{condition.to}” is neither yes nor no.", "Write yes or no, in quotes."
        )
    elif value.options and condition.is_ != "contains":
        folded = {option.casefold() for option in value.options}
        if condition.to.strip().casefold() not in folded:
            yield Flaw(
                (*position, "to"),
                f"“{condition.value}” is never “{condition.to}”.",
                did_you_mean(condition.to, value.options),
            )
