"""Advancing a run by one effect: the durable unit of work.

Invariant: everything a restart needs is on disk when `advance` returns. A step whose row exists is never done
again; the run's state changes only here, in `doing` and in `cancelling`.
"""

from uuid import UUID

from django.utils.translation import gettext as _

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
    next_effect,
)
from allotment.kernel.errors import AllotmentError
from allotment.runs import ending
from allotment.runs.doing import asking, asking_rows, working_with_tables
from allotment.runs.events import append
from allotment.runs.models import FINAL_STATES, Run, RunState
from allotment.runs.results import stored_parts
from allotment.runs.working import Work, work_of

GO_ON = "go on"


def advance(run: UUID) -> str:
    """Do the next effect of a run. Returns `GO_ON`, `WAITS` for its rows, or the final state once it is over."""
    row = Run.objects.select_related("app").get(id=run)
    if row.state in FINAL_STATES:
        return row.state
    try:
        return _advance(row)
    except AllotmentError as error:
        return ending.fail(row, error.message, error.hint)


def _advance(row: Run) -> str:
    work = work_of(row)
    if row.state == RunState.WAITING:
        Run.objects.filter(id=row.id, state=RunState.WAITING).update(state=RunState.RUNNING)
    effect, state = next_effect(work.app, work.state)
    if isinstance(effect, Stop):
        return ending.stop(row, effect.message)
    if isinstance(effect, Finished):
        return ending.finish(row, stored_parts(work, effect.parts))
    if not isinstance(effect, ForEachEffect):  # whoever waits for rows tells how far they are
        append(row.id, "progress", _progress(effect.step.step, state.position + 1, len(work.app.steps)))
    return _do(work, effect) or GO_ON


def _do(work: Work, effect: Effect) -> str | None:
    """Do one effect. Returns the final state of a run that ends here, or `WAITS`."""
    match effect:
        case AskEffect():
            return asking.ask(work, effect)
        case ForEachEffect():
            return asking_rows.ask_rows(work, effect)
        case ReadEffect():
            working_with_tables.read(work, effect)
        case TableEffect():
            working_with_tables.compute(work, effect)
        case ChartEffect():
            working_with_tables.draw(work, effect)
        case SaveEffect():
            working_with_tables.save(work, effect)
    return None


def _progress(step: str, place: int, count: int) -> dict[str, object]:
    """Return what the page says while this step works."""
    words = _("Step %(place)s of %(count)s: %(step)s") % {"place": place, "count": count, "step": step}
    return {"step": step, "value": place - 1, "max": count, "words": words}
