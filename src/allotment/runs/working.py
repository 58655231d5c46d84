"""A run as it stands on disk, read for its next step.

Invariant: the state is computed from the stored form and the rows of finished steps alone, so that every process
reads the same.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allotment.engine.answers import typed
from allotment.engine.forms import read_form
from allotment.engine.interpreter import (
    AskEffect,
    ChartEffect,
    Effect,
    Finished,
    ForEachEffect,
    ReadEffect,
    SaveEffect,
    Stop,
    TableEffect,
    apply,
    begun,
    next_effect,
)
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_plain
from allotment.engine.state import Reference, State, StepValue
from allotment.runs.models import Run, RunStep
from allotment.runs.progress import answer_of, remembered
from allotment.runs.sealing import unseal
from allotment.screening.masking import Remembered


@dataclass(frozen=True)
class Work:
    """A run as read for one step."""

    row: Run
    app: App
    form: dict[str, str]
    """What was typed, field by field."""
    done: tuple[RunStep, ...]
    state: State

    @property
    def remembered(self) -> tuple[Remembered, ...]:
        """The placeholders given so far."""
        return remembered(self.done, self.row.id)


def work_of(row: Run) -> Work:
    """Read a run from disk; raises `Erased` for somebody erased."""
    app = from_plain(row.spec)
    form = unseal(row.form, column="form", run=row.id)
    done = tuple(RunStep.objects.filter(run=row).order_by("id"))
    state = begun(app, read_form(app, form).values)
    for step in done:
        effect, state = next_effect(app, state)
        if isinstance(effect, Stop | Finished):
            break
        state = apply(state, step.step, value_of(effect, answer_of(step, row.id)))
    return Work(row, app, form, done, state)


def value_of(effect: Effect, answer: Any) -> StepValue:
    """Return what a finished step holds, from what its row keeps."""
    path = f"steps.{effect.step.step}"
    match effect:
        case AskEffect():
            return typed(effect.step, answer)
        case ReadEffect():
            return str(answer)
        case TableEffect() | ForEachEffect():
            return Reference("table", path)
        case ChartEffect():
            return Reference("chart", path)
        case SaveEffect():
            return Decimal(answer)
