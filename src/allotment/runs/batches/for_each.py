"""A `for each` step of a run as a batch: its rows come from a table of the run, its answers become columns.

Invariant: a step has one batch, whatever ends in between; its rows are those of the table, in its order. Refuses:
tables with more than `MOST_ROWS` rows, for a run that nobody looks after for hours belongs under Run many.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.interpreter import ForEachEffect
from allotment.engine.spec.app import App, Ask, FieldKind, ForEach, FormField, Shown
from allotment.engine.spec.paths import spoken
from allotment.engine.spec.reading import from_plain, to_plain
from allotment.kernel.canonical import digest
from allotment.kernel.errors import Erased, TooLarge
from allotment.kernel.ids import new_id
from allotment.prompts.queries import approved_template
from allotment.runs.batches import finishing, foreman
from allotment.runs.batches.answering import result_columns
from allotment.runs.batches.models import FINAL, TRIED_IN_VAIN, Batch, BatchRow, BatchState
from allotment.runs.batches.queries import answered_rows
from allotment.runs.batches.sealed import About, row_told, sealed_about, told_of
from allotment.runs.tables import opened
from allotment.runs.working import Work
from allotment.tables.computing import count

MOST_ROWS = 10_000


@dataclass(frozen=True)
class RowsSoFar:
    """How far the questions of a step are."""

    step: str
    ended: int
    rows: int
    waits_for: str
    """Why nothing goes on right now; empty when it does."""
    is_paused: bool = False


def begin(work: Work, effect: ForEachEffect) -> Batch:
    """Store the batch of a step, and have it worked on. Raises `TooLarge`, and `Invalid` for a missing table."""
    row, asks = work.row, effect.step
    with opened(row.id, row.person_id, work.form, [effect.source.path]) as tables:
        rows = count(tables[effect.source.path])
    if rows > MOST_ROWS:
        raise TooLarge(
            _("“%(step)s” would ask about each of %(rows)s rows; %(most)s is the most in one run.")
            % {"step": spoken(asks.step), "rows": f"{rows:,}", "most": f"{MOST_ROWS:,}"},
            hint=_("Keep fewer rows before it, or make an app that asks about one row, and use Run many."),
        )
    batch, spec = new_id(), to_plain(_app_of_one_row(work.app, asks))
    about = About(
        name=spoken(asks.step),
        columns=tuple(dict.fromkeys(effect.columns.values())),
        matching=dict(effect.columns),
        constants=dict(effect.slots),
        table=effect.source.path,
    )
    with transaction.atomic():
        stored = Batch.objects.create(
            id=batch,
            app_id=row.app_id,
            version=row.version,
            spec=spec,
            digest=digest(spec),
            person_id=row.person_id,
            space_id=row.space_id,
            run=row,
            step=asks.step,
            about=sealed_about(about, batch=batch, person=row.person_id),
            same_once=work.app.batch.same_once,
            rows_expected=rows,
        )
        finishing.tell(finishing.START, stored, row.person_id, {"rows": rows, "step": asks.step})
    foreman.nudge()
    return stored


def _app_of_one_row(app: App, asks: ForEach) -> App:
    """Return what each row goes through: a form with a field for each slot, and the one question."""
    needed = {slot.name for slot in approved_template(asks.template).slots if slot.is_required}
    form = tuple(
        FormField(field=slot, label=spoken(slot), kind=FieldKind.LONG_TEXT, required=slot in needed)
        for slot in asks.with_
    )
    question = Ask(
        step=asks.step,
        template=asks.template,
        with_={slot: f"form.{slot}" for slot in asks.with_},
        answer=asks.answer,
        model=asks.model,
    )
    return App(
        allotment=1,
        name=app.name,
        title=app.title,
        purpose=app.purpose,
        data=app.data,
        form=form,
        steps=(question,),
        result=(Shown(show="text", from_=f"steps.{asks.step}"),),
    )


def batch_of(run: UUID, step: str) -> Batch | None:
    """Return the batch of a step, for the modules of runs; None before it began."""
    return Batch.objects.filter(run=run, step=step).first()


def rows_so_far(run: UUID) -> RowsSoFar | None:
    """Return how far a run's open batch is; None when none is open."""
    batch = _open(run)
    if batch is None:
        return None
    is_paused = batch.state == BatchState.PAUSED
    waits_for = _("paused: %(why)s") % {"why": _why(batch)} if is_paused else batch.waits_for
    ended = batch.done + batch.failed + batch.unfit
    return RowsSoFar(batch.step, ended, batch.rows_expected, waits_for, is_paused)


def _why(batch: Batch) -> str:
    try:
        return told_of(batch).message
    except Erased as error:  # its person was erased while it was paused, by a version that let it be
        return error.message


def stop(run: UUID) -> None:
    """End the open batch of a run that is over; what is answered stays."""
    batch = _open(run)
    if batch is not None:
        finishing.cancel(batch.id, None)


def _open(run: UUID) -> Batch | None:
    return Batch.objects.filter(run=run).exclude(state__in=FINAL).order_by("created_at").last()


def answers(batch: Batch) -> Iterator[Mapping[str, str]]:
    """Yield the answers, row by row in order: by column, and nothing for a row without one."""
    names = result_columns(from_plain(batch.spec))
    for found in answered_rows(batch):
        cells = found.cells
        yield dict(zip(names, cells, strict=True)) if cells else {}


def unanswered(batch: Batch) -> tuple[int, int, str]:
    """Return how many rows were asked in vain, the number of the first of them, and why."""
    rows = BatchRow.objects.filter(batch=batch, state__in=TRIED_IN_VAIN).order_by("number")
    first = rows.only("number", "told").first()
    return (0, 0, "") if first is None else (rows.count(), first.number, row_told(first).message)
