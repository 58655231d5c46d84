"""Reads of batches. A batch belongs to the person who started it; for everybody else it is not there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.engine.spec.reading import from_plain
from allotment.kernel.errors import NotFound
from allotment.kernel.settings import settings
from allotment.runs.batches.answering import result_columns
from allotment.runs.batches.holding import worked_seconds
from allotment.runs.batches.keeping import GIVEN, RESULT
from allotment.runs.batches.models import AT_WORK, FINAL, NOT_YET, Batch, BatchRow, BatchState, RowState
from allotment.runs.batches.row_receipts import ANSWERED
from allotment.runs.batches.sealed import about_of, row_told, told_of
from allotment.runs.queries import run_for
from allotment.runs.sealing import unseal
from allotment.runs.telling import Told

PAGE_LENGTH = 25
_TROUBLES_SHOWN = 50
_CHUNK = 500
_TROUBLED = (RowState.FAILED, RowState.REFUSED, RowState.UNFIT)


@dataclass(frozen=True, kw_only=True)
class BatchView:
    """A batch as its pages show it. Everything comes from its counters, whatever the number of rows."""

    id: UUID
    app_id: UUID
    app_title: str
    app_slug: str
    version: int | None
    run: UUID | None
    """The run whose step it is, if any."""
    state: str
    name: str
    """Of the file, or of the step."""
    created_at: datetime
    finished_at: datetime | None
    message: str
    remedy: str
    waits_for: str
    rows: int
    stored: int
    done: int
    failed: int
    unfit: int
    copied: int
    cost_nanodollars: int
    masked: int
    worked_seconds: float

    @property
    def is_at_work(self) -> bool:
        """Whether something is going on."""
        return self.state in AT_WORK

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in FINAL

    @property
    def ended(self) -> int:
        """How many rows are over, however they ended."""
        return self.done + self.failed + self.unfit

    @property
    def a_minute(self) -> float | None:
        """How many rows are answered in a minute of work."""
        return self.done * 60 / self.worked_seconds if self.done and self.worked_seconds > 1 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate."""
        rate = self.a_minute
        return (self.rows - self.ended) * 60 / rate if rate else None


@dataclass(frozen=True)
class Trouble:
    """A row that has no answer, and why."""

    number: int
    state: str
    message: str
    remedy: str


def batch_row(actor: Actor, batch: UUID) -> Batch:
    """Return one's own batch as a row, for the modules of this package; raises `NotFound`."""
    row = Batch.objects.select_related("app").filter(id=batch, person_id=actor.person).first()
    if row is None:
        raise _absent()
    return row


def _absent() -> NotFound:
    return NotFound(
        _("There is no such batch, or it is not yours."), hint=_("Look for it under Run many of its app.")
    )


def batch_for(actor: Actor, batch: UUID) -> BatchView:
    """Return one's own batch; raises `NotFound`."""
    return _view(batch_row(actor, batch))


def latest_of_run(actor: Actor, run: UUID) -> UUID | None:
    """Return the batch that a run of one's own began last; None before it began one. Raises `NotFound`."""
    if run_for(actor, run).person_id != actor.person:
        raise _absent()
    rows = Batch.objects.filter(run=run, person_id=actor.person).order_by("-created_at")
    return rows.values_list("id", flat=True).first()


def batches_of(actor: Actor, app: UUID) -> tuple[BatchView, ...]:
    """Return one's own batches of an app, newest first."""
    rows = Batch.objects.select_related("app").filter(app_id=app, person_id=actor.person, run=None)
    return tuple(_view(row) for row in rows.defer("spec").order_by("-created_at")[:PAGE_LENGTH])


def troubles(batch: UUID) -> tuple[Trouble, ...]:
    """Return the first rows without an answer, and why."""
    first_of = _Firsts(batch)
    rows = BatchRow.objects.filter(batch=batch, state__in=_TROUBLED).order_by("number")
    found = rows.only("number", "state", "told", "same_as")[:_TROUBLES_SHOWN]
    troubled = (AnsweredRow(one, first_of(one)) for one in found)
    return tuple(Trouble(one.row.number, one.row.state, **vars(one.told)) for one in troubled)


def heads(row: Batch) -> tuple[str, ...]:
    """Return the headings of the results: the file's own columns, those of the app, how it went, its receipt."""
    added = (_("How it went"), _("Why"), _("Receipt"))
    return (*about_of(row).columns, *result_columns(from_plain(row.spec)), *added)


def result_rows(row: Batch) -> Iterator[tuple[str, ...]]:
    """Yield the results, row by row in the order of the file. Memory stays flat."""
    width = len(result_columns(from_plain(row.spec)))
    for found in answered_rows(row):
        one = found.row
        cells = tuple(unseal(one.given, column=GIVEN, run=one.id)["cells"])
        how = (_ENDINGS[RowState(one.state)], found.told.message, _receipt_address(row, found))
        yield (*cells, *(found.cells or ("",) * width), *how)


def _receipt_address(batch: Batch, found: "AnsweredRow") -> str:
    """Return where the receipt of an answered row is; empty for any other."""
    if not found.has_receipt:
        return ""
    return settings().public_url + reverse("batches:receipt", args=[batch.id, found.row.number])


@dataclass(frozen=True)
class AnsweredRow:
    """A row with what became of it, which is opened when it is looked at."""

    row: BatchRow
    first: BatchRow | None
    """The row that was asked: itself, or the one filled in alike."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of its answer; none without one."""
        if self.row.state != RowState.DONE or self.first is None or not self.first.result:
            return ()
        return tuple(unseal(self.first.result, column=RESULT, run=self.first.id))

    @property
    def told(self) -> Told:
        """What it tells."""
        return Told() if self.row.state in NOT_YET or self.first is None else row_told(self.first)

    @property
    def has_receipt(self) -> bool:
        """Whether its answer has an entry in the journal."""
        return self.row.state in ANSWERED and self.first is not None and self.first.entry is not None


def answered_rows(row: Batch) -> Iterator[AnsweredRow]:
    """Yield the rows in order, for the modules of this package."""
    first_of = _Firsts(row.id)
    rows = BatchRow.objects.filter(batch=row).order_by("number").defer("progress", "alike")
    for one in rows.iterator(_CHUNK):
        yield AnsweredRow(one, first_of(one))


class _Firsts:
    """The rows whose answers others take that are filled in alike; those few that are looked up are remembered."""

    def __init__(self, batch: UUID) -> None:
        self._batch = batch
        self._known: dict[int, BatchRow | None] = {}

    def __call__(self, row: BatchRow) -> BatchRow | None:
        """Return the row that was asked for this one."""
        if row.same_as is None:
            return row
        if row.same_as not in self._known:
            rows = BatchRow.objects.filter(batch=self._batch, number=row.same_as)
            self._known[row.same_as] = rows.only("number", "result", "told", "entry").first()
            if len(self._known) > _CHUNK:
                self._known.pop(next(iter(self._known)))
        return self._known[row.same_as]


_ENDINGS = {
    RowState.WAITING: "waiting",
    RowState.SAME: "waiting",
    RowState.DONE: "done",
    RowState.STOPPED: "stopped by the app",
    RowState.REFUSED: "held back",
    RowState.FAILED: "failed",
    RowState.UNFIT: "not asked",
}


def _view(row: Batch) -> BatchView:
    return BatchView(
        id=row.id,
        app_id=row.app_id,
        app_title=row.app.title,
        app_slug=row.app.slug,
        version=row.version,
        run=row.run_id,
        state=BatchState(row.state).value,
        name=about_of(row).name,
        created_at=row.created_at,
        finished_at=row.finished_at,
        **vars(told_of(row)),
        waits_for=row.waits_for,
        rows=row.rows_expected,
        stored=row.rows,
        done=row.done,
        failed=row.failed,
        unfit=row.unfit,
        copied=row.copied,
        cost_nanodollars=row.cost_nanodollars,
        masked=sum(row.masked.values()),
        worked_seconds=worked_seconds(row),
    )
