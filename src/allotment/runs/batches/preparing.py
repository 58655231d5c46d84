"""Storing the rows of a batch: from the sheet, chunk by chunk, each checked against the form.

Invariant: rows are stored in the order of the file and numbered from 1; what is stored is never stored again, so that
preparing goes on where a process that ended left it. A row that does not fit the form is kept with the reason.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_plain
from allotment.engine.tables.cells import cell_text
from allotment.engine.tables.plan import Keep, Kept
from allotment.journal import turns
from allotment.kernel.errors import NotFound
from allotment.kernel.ids import new_id
from allotment.kernel.private_folders import private_folder
from allotment.runs.batches.answering import alike, unfit
from allotment.runs.batches.keeping import GIVEN
from allotment.runs.batches.models import Batch, BatchRow, BatchState, RowState
from allotment.runs.batches.sealed import About, about_of, sealed_row_told
from allotment.runs.sealing import seal, unseal
from allotment.runs.tables import opened
from allotment.sheets import opening
from allotment.tables.computing import Source, compute, rows
from allotment.tables.engine import open_engine

Cells = tuple[str, ...]

_AT_ONCE = 500
_FOR_EACH_OPENING = 20_000
"""Rows stored before the batch is looked at again, to see whether somebody cancelled it."""


def prepare_some(batch: UUID) -> bool:
    """Store the next rows. Returns whether all are stored now; raises what is wrong with the sheet."""
    row = Batch.objects.get(id=batch)
    if row.state != BatchState.PREPARING:
        return row.rows == row.rows_expected
    app, about = from_plain(row.spec), about_of(row)
    stored = row.rows
    for chunk in _of_run(row, about) if about.table else _of_sheet(row):
        _store(row, app, about, stored, chunk)
        stored += len(chunk)
    if stored < row.rows_expected:
        return False
    with turns.writing(), transaction.atomic():
        Batch.objects.filter(id=batch, state=BatchState.PREPARING).update(state=BatchState.WORKING)
    return True


def _of_sheet(row: Batch) -> Iterator[list[Cells]]:
    """Yield the next rows of a file as text, chunk by chunk."""
    if row.sheet is None:
        raise NotFound("This batch has no rows.", hint="Start it again with the file.")
    with opening.opened(row.sheet, row.person_id) as source, open_engine([source.parquet]) as engine:
        found = engine.run(
            "SELECT * FROM read_parquet($file) LIMIT $most OFFSET $stored",
            {"file": str(source.parquet.resolve()), "most": _FOR_EACH_OPENING, "stored": row.rows},
        )
        while cells := found.fetchmany(_AT_ONCE):
            yield [tuple(cell or "" for cell in one) for one in cells]


def _of_run(row: Batch, about: About) -> Iterator[list[Cells]]:
    """Yield the next rows of a run's table, with the columns that are asked about. Few enough to hold at once."""
    run = row.run
    if run is None:
        raise TypeError(f"batch {row.id} is of no run")
    form: dict[str, str] = unseal(run.form, column="form", run=run.id)
    with opened(run.id, run.person_id, form, [about.table]) as tables, private_folder() as folder:
        narrow = tables[about.table]
        if about.columns:
            narrow = Source(folder / "asked.parquet")
            compute((Keep(tuple(map(Kept, about.columns))),), tables[about.table], out=narrow.parquet)
        found = rows(narrow, first=row.rows_expected)
    columns = found.columns if about.columns else ()
    for start in range(row.rows, len(found.rows), _AT_ONCE):
        chunk = found.rows[start : start + _AT_ONCE]
        yield [tuple(map(cell_text, one, columns)) for one in chunk]


def form_of(about: About, cells: Sequence[str]) -> dict[str, str]:
    """Return the form that a row of cells fills in."""
    by_column = dict(zip(about.columns, cells, strict=True))
    return {**about.constants, **{field: by_column[column] for field, column in about.matching.items()}}


def _store(row: Batch, app: App, about: About, stored: int, chunk: Sequence[Cells]) -> None:
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
        told=sealed_row_told(id_, row.person_id, problem),
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
