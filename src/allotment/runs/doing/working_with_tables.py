"""The steps that ask nobody: reading a document, computing and drawing tables, saving records."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from allotment.engine.interpreter import ChartEffect, ReadEffect, SaveEffect, TableEffect
from allotment.engine.tables.cells import cell_text
from allotment.engine.tables.charting import choose
from allotment.kernel import clock
from allotment.records.saving import MOST_RECORDS, save_records
from allotment.runs.documents import text_of
from allotment.runs.models import RunStep
from allotment.runs.progress import sealed_outcome
from allotment.runs.results import wanted_by
from allotment.runs.stored_rows import ROWS_DRAWN
from allotment.runs.tables import computed, first_rows, keep_table
from allotment.runs.working import Work


def read(work: Work, effect: ReadEffect) -> None:
    """Read the text of a document."""
    _done(work, effect.step.step, text_of(work.row.id, effect.document))


def compute(work: Work, effect: TableEffect) -> None:
    """Compute a table and keep it. Raises what the plan, the data or a limit has against it."""
    began = clock.now()
    step = effect.step.step
    with computed(work, effect.step.plan, effect.source, effect.others) as (result, file):
        content = file.read_bytes()
    with transaction.atomic():
        keep_table(work.row, f"steps.{step}", content)
        _done(work, step, result.rows, milliseconds=_milliseconds(began))


def draw(work: Work, effect: ChartEffect) -> None:
    """Choose how to draw a table; the picture itself is made for whoever looks at it."""
    choose(first_rows(work, effect.source, ROWS_DRAWN), wanted_by(effect.step))
    _done(work, effect.step.step, effect.source.path)


@transaction.atomic
def save(work: Work, effect: SaveEffect) -> None:
    """Save the record, or each row of the table, to the collection. A trial saves nothing: it is only tried."""
    row, step = work.row, effect.step
    records = [effect.values] if effect.rows is None else list(_records(work, effect))
    if row.version is not None:
        save_records(
            app=row.app_id,
            collection=step.collection,
            records=records,
            person=row.person_id,
            run=row.id,
            step=step.step,
        )
    _done(work, step.step, len(records))


def _records(work: Work, effect: SaveEffect) -> Iterator[dict[str, str]]:
    if effect.rows is None:
        return
    found = first_rows(work, effect.rows, MOST_RECORDS + 1)
    for row in found.rows:
        yield {column.name: cell_text(cell, column) for column, cell in zip(found.columns, row, strict=True)}


def _done(work: Work, step: str, answer: Any, *, milliseconds: int = 0) -> None:
    RunStep.objects.create(
        run=work.row,
        step=step,
        milliseconds=milliseconds,
        outcome=sealed_outcome(answer, work.remembered, step=step, run=work.row),
    )


def _milliseconds(began: datetime) -> int:
    return round((clock.now() - began).total_seconds() * 1000)
