"""Writing what became of a row, and the batch's counters with it.

Invariant: a row ends once. Whoever comes second (another process that took the batch for abandoned) changes nothing,
and nothing is counted twice. Rows filled in alike end together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F

from allotment.engine.gate.values import Answered
from allotment.engine.spec.app import App
from allotment.journal import turns
from allotment.kernel.errors import AllotmentError
from allotment.runs.batches.answering import RowAtWork, RowEnd, ask_next
from allotment.runs.batches.models import NOT_YET, Batch, BatchRow, RowState
from allotment.runs.batches.sealed import sealed_row_told
from allotment.runs.batches.writing_rows import RowChange, write_rows
from allotment.runs.models import Run
from allotment.runs.sealing import seal, unseal
from allotment.screening.masking import Remembered

GIVEN, PROGRESS, RESULT = "batch.given", "batch.progress", "batch.result"
"""What a row's sealed columns are bound to."""


def row_at_work(row: BatchRow) -> RowAtWork:
    """Open a stored row for its work."""
    given = unseal(row.given, column=GIVEN, run=row.id)
    so_far: Mapping[str, Any] = unseal(row.progress, column=PROGRESS, run=row.id) if row.progress else {}
    return RowAtWork(
        id=row.id,
        number=row.number,
        form=given["form"],
        answers=so_far.get("answers", {}),
        masking=tuple(msgspec.convert(so_far.get("masking", []), list[Remembered])),
        tries=row.tries,
    )


Kept = tuple[tuple[RowAtWork, str], Answered]
"""A row and the step it was at, and the answer."""


@dataclass(frozen=True)
class _Becomes:
    """What becomes of a row, and what that counts."""

    row: RowAtWork
    change: RowChange
    answered: Answered | None = None

    @property
    def is_over(self) -> bool:
        return self.change.state != RowState.WAITING

    @property
    def is_done(self) -> bool:
        return self.change.state in (RowState.DONE, RowState.STOPPED)


class Keeper:
    """Writes the rows of one batch."""

    def __init__(self, batch: Batch, app: App) -> None:
        self._batch, self._run, self._person = batch.id, batch.run_id, batch.person_id
        self._app, self._same_once = app, batch.same_once

    def keep(self, kept: Sequence[Kept]) -> None:
        """Write answers, in the transaction of their journal entries."""
        self._write([self._answered(row, step, answered) for (row, step), answered in kept])

    def end_without_answer(self, row: RowAtWork, ends: RowEnd) -> None:
        """Write a row that came to its end without a question."""
        with turns.writing(), transaction.atomic():
            self._write([_Becomes(row, self._ended(row, ends))])

    def mark(self, row: RowAtWork, state: RowState, message: str, remedy: str) -> None:
        """Write that a row was refused or failed."""
        with turns.writing(), transaction.atomic():
            self._write([_Becomes(row, self._told(row, state, message, remedy))])

    def _answered(self, row: RowAtWork, step: str, answered: Answered) -> _Becomes:
        after = replace(row, answers={**row.answers, step: answered.text}, masking=answered.masking)
        change = replace(
            self._change(after),
            entry=answered.entry,
            tokens_in=answered.usage.tokens_in,
            tokens_out=answered.usage.tokens_out,
            cost_nanodollars=answered.cost_nanodollars,
        )
        return _Becomes(row, change, answered)

    def _change(self, row: RowAtWork) -> RowChange:
        """Return what to write into a row with one more answer."""
        try:
            ends = ask_next(self._app, row)
        except AllotmentError as error:  # what was answered and paid for before stays for another try
            return self._told(row, RowState.FAILED, error.message, error.hint)
        if isinstance(ends, RowEnd):
            return self._ended(row, ends)
        so_far = {"answers": row.answers, "masking": msgspec.to_builtins(row.masking)}
        progress = seal(so_far, column=PROGRESS, run=row.id, person=self._person)
        return RowChange(row.id, row.tries, progress=progress)

    def _ended(self, row: RowAtWork, ends: RowEnd) -> RowChange:
        if ends.stopped:
            return replace(self._told(row, RowState.STOPPED, ends.stopped), result=b"", progress=b"")
        result = seal(list(ends.cells), column=RESULT, run=row.id, person=self._person)
        return replace(self._told(row, RowState.DONE), result=result, progress=b"")

    def _told(self, row: RowAtWork, state: RowState, message: str = "", remedy: str = "") -> RowChange:
        told = sealed_row_told(row.id, self._person, message, remedy)
        return RowChange(row.id, row.tries, state.value, told)

    def _write(self, becoming: Sequence[_Becomes]) -> None:
        """Write rows, and count those that nobody else had ended."""
        written = write_rows([one.change for one in becoming])
        mine = [one for one in becoming if one.row.id in written]
        counted = Counter[str]()
        for one in mine:
            if one.is_over:
                copies = self._copies(one)
                counted["done" if one.is_done else "failed"] += 1 + copies
                counted["copied"] += copies if one.is_done else 0
        used = _used([one.answered for one in mine if one.answered is not None])
        last = next((one.answered.model for one in reversed(mine) if one.answered is not None), None)
        columns: dict[str, Any] = {**_added(counted), **_added(used.amounts)}
        if last is not None:
            columns |= {"model": last.title, "runs_here": bool(last.resource.attributes.get("runs_here"))}
        if columns:
            Batch.objects.filter(id=self._batch).update(**columns)
        self._count_details(used)
        if self._run is not None and used.amounts:  # so that what a run has used is right whenever it ends
            details = {"masked": used.masked.total(), "withheld": used.withheld.total()}
            Run.objects.filter(id=self._run).update(**_added(used.amounts), **_added(details))

    def _copies(self, ended: _Becomes) -> int:
        """End the rows filled in alike; returns how many. What they tell is read from the row itself."""
        if not self._same_once:
            return 0
        alike = BatchRow.objects.filter(batch=self._batch, same_as=ended.row.number, state=RowState.SAME)
        return alike.update(state=ended.change.state)

    def _count_details(self, used: "_Used") -> None:
        if not (used.masked or used.withheld):
            return
        row = Batch.objects.select_for_update().only("masked", "withheld").get(id=self._batch)
        row.masked = dict(Counter(row.masked) + used.masked)
        row.withheld = dict(Counter(row.withheld) + used.withheld)
        row.save(update_fields=("masked", "withheld"))


@dataclass(frozen=True)
class _Used:
    """What answers used together."""

    amounts: Mapping[str, int]
    masked: Counter[str]
    withheld: Counter[str]


def _used(answers: Sequence[Answered]) -> _Used:
    amounts, masked, withheld = Counter[str](), Counter[str](), Counter[str]()
    for one in answers:
        amounts["tokens_in"] += one.usage.tokens_in
        amounts["tokens_out"] += one.usage.tokens_out
        amounts["cost_nanodollars"] += one.cost_nanodollars
        masked.update(one.screened.masked)
        withheld.update(one.screened.withheld)
    return _Used(amounts, masked, withheld)


def _added(counted: Mapping[str, int]) -> dict[str, Any]:
    return {name: F(name) + count for name, count in counted.items() if count}


def waiting_rows(batch: UUID, after: int, count: int) -> list[RowAtWork]:
    """Return the next rows that wait, by number."""
    rows = BatchRow.objects.filter(batch=batch, state=RowState.WAITING, number__gt=after).order_by("number")
    return [row_at_work(row) for row in rows.defer("result", "told", "alike")[:count]]


def put_back(batch: UUID, states: Iterable[str]) -> int:
    """Let rows in these states wait again, in the caller's transaction; returns how many."""
    rows = BatchRow.objects.filter(batch=batch, state__in=tuple(states))
    again = {"told": b"", "tries": F("tries") + 1}
    copies = rows.exclude(same_as=None).update(state=RowState.SAME, **again)
    return copies + rows.filter(same_as=None).update(state=RowState.WAITING, **again)


def is_all_done(batch: UUID) -> bool:
    """Say whether no row waits any more."""
    return not BatchRow.objects.filter(batch=batch, state__in=NOT_YET).exists()
