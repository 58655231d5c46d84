"""Storing the rows of a batch: from the sheet, chunk by chunk, each checked against the form.

Invariant: rows are stored in the order of the file and numbered from 1; what is stored is never stored again, so that
preparing goes on where a process that ended left it. A row that does not fit the form is kept with the reason.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_plain
from allotment.journal import turns
from allotment.kernel.errors import NotFound
from allotment.kernel.ids import new_id
from allotment.runs.batches.answering import alike, unfit
from allotment.runs.batches.keeping import GIVEN
from allotment.runs.batches.models import Batch, BatchRow, BatchState, RowState
from allotment.runs.batches.sealed import About, about_of
from allotment.runs.sealing import seal
from allotment.sheets import opening
from allotment.tables.engine import open_engine

_AT_ONCE = 500
_FOR_EACH_OPENING = 20_000
"""Rows stored before the batch is looked at again, to see whether somebody cancelled it."""


def prepare_some(batch: UUID) -> bool:
    """Store the next rows. Returns whether all are stored now; raises what is wrong with the sheet."""
    row = Batch.objects.get(id=batch)
    if row.state != BatchState.PREPARING:
        return row.rows == row.rows_expected
    app, about = from_plain(row.spec), about_of(row)
    if row.sheet is None:
        raise NotFound("This batch has no rows.", hint="Start it again with the file.")
    stored = row.rows
    with opening.opened(row.sheet, row.person_id) as source, open_engine([source.parquet]) as engine:
        found = engine.run(
            "SELECT * FROM read_parquet($file) LIMIT $most OFFSET $stored",
            {"file": str(source.parquet.resolve()), "most": _FOR_EACH_OPENING, "stored": stored},
        )
        while cells := found.fetchmany(_AT_ONCE):
            _store(row, app, about, stored, [tuple(cell or "" for cell in one) for one in cells])
            stored += len(cells)
    if stored < row.rows_expected:
        return False
    with turns.writing(), transaction.atomic():
        Batch.objects.filter(id=batch, state=BatchState.PREPARING).update(state=BatchState.WORKING)
    return True


def form_of(about: About, cells: Sequence[str]) -> dict[str, str]:
    """Return the form that a row of cells fills in."""
    by_column = dict(zip(about.columns, cells, strict=True))
    return {**about.constants, **{field: by_column[column] for field, column in about.matching.items()}}


def _store(row: Batch, app: App, about: About, stored: int, chunk: Sequence[tuple[str, ...]]) -> None:
    made = [_row(row, app, about, stored + place, cells) for place, cells in enumerate(chunk, 1)]
    if row.same_once:
        _point_at_first(row.id, made)
    unfit_rows = sum(one.state == RowState.UNFIT for one in made)
    with turns.writing(), transaction.atomic():
        BatchRow.objects.bulk_create(made)
        Batch.objects.filter(id=row.id).update(rows=F("rows") + len(made), unfit=F("unfit") + unfit_rows)


def _row(row: Batch, app: App, about: About, number: int, cells: Sequence[str]) -> BatchRow:
    form, id_ = form_of(about, cells), new_id()
    problem = unfit(app, form)
    given = seal({"cells": list(cells), "form": form}, column=GIVEN, run=id_, person=row.person_id)
    return BatchRow(
        id=id_,
        batch=row,
        number=number,
        state=RowState.UNFIT if problem else RowState.WAITING,
        given=given,
        message=problem,
        alike=None if problem or not row.same_once else alike(app, form, about.key),
    )


def _point_at_first(batch: UUID, made: Sequence[BatchRow]) -> None:
    """Let rows filled in alike wait for the answer of the first of them."""
    digests = {bytes(one.alike) for one in made if one.alike is not None}
    known = BatchRow.objects.filter(batch=batch, alike__in=digests, same_as=None)
    first = {bytes(one.alike): one.number for one in known.only("alike", "number") if one.alike is not None}
    for one in made:
        if one.alike is None:
            continue
        number = first.setdefault(bytes(one.alike), one.number)
        if number != one.number:
            one.same_as, one.state = number, RowState.SAME
