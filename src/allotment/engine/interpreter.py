"""The step interpreter: which effect comes next, and what a run shows in the end.

Invariant: pure and total. A state is the form plus the answers so far; steps only look back and jump forward,
so every run ends. Refuses: answers that do not fit what the step asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allotment.engine.choosing import taken
from allotment.engine.paths import text_of, value_at
from allotment.engine.spec.app import App, Ask, Choose, Read, Shown
from allotment.engine.state import State, StepValue
from allotment.engine.templates import CHOICES


@dataclass(frozen=True)
class AskEffect:
    """Ask a model: the step, and the text for each slot (`choices` too, for templates that want it)."""

    step: Ask
    slots: Mapping[str, str]


@dataclass(frozen=True)
class ReadEffect:
    """Read the document somebody gave in form field `document`."""

    step: Read
    document: str


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


Next = AskEffect | ReadEffect | Stop | Finished


def next_effect(app: App, state: State) -> tuple[Next, State]:
    """Walk over `choose` steps to the next effect; returns it with the state in which it is to happen."""
    while state.position < len(app.steps):
        step = app.steps[state.position]
        if isinstance(step, Ask):
            return AskEffect(step, _slots(step, state)), state
        if isinstance(step, Read):
            return ReadEffect(step, step.from_.removeprefix("form.")), state
        chosen = _choose(app, step, state)
        if isinstance(chosen, Stop):
            return chosen, state
        state = chosen
    parts = tuple(ShownValue(shown, value_at(shown.from_, state)) for shown in app.result)
    return Finished(tuple(part for part in parts if part.value is not None)), state


def _slots(step: Ask, state: State) -> Mapping[str, str]:
    given = {slot: text_of(value_at(source, state)) for slot, source in step.with_.items()}
    return {CHOICES: ", ".join(step.answer.choice or step.answer.fields), **given}


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
