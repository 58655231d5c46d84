"""Writing what became of a row, and the batch's counters with it.

Invariant: a row ends once. Whoever comes second (another process that took the batch for abandoned) changes nothing,
and nothing is counted twice. Rows filled in alike end together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F

from allotment.engine.gate.values import Answered, Screened
from allotment.engine.spec.app import App
from allotment.journal import turns
from allotment.kernel.errors import AllotmentError
from allotment.runs.batches.answering import RowAtWork, RowEnd, ask_next
from allotment.runs.batches.models import NOT_YET, Batch, BatchRow, RowState
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


class Keeper:
    """Writes the rows of one batch."""

    def __init__(self, batch: Batch, app: App) -> None:
        self._batch, self._run, self._person = batch.id, batch.run_id, batch.person_id
        self._app, self._same_once = app, batch.same_once

    def keep(self, row: RowAtWork, step: str, answered: Answered) -> None:
        """Write an answer, in the transaction of its journal entry."""
        after = replace(row, answers={**row.answers, step: answered.text}, masking=answered.masking)
        used: dict[str, Any] = {
            "tokens_in": F("tokens_in") + answered.usage.tokens_in,
            "tokens_out": F("tokens_out") + answered.usage.tokens_out,
            "cost_nanodollars": F("cost_nanodollars") + answered.cost_nanodollars,
        }
        columns, counted = self._columns(after)
        if not self._write(row, columns | used | {"entry": answered.entry}):
            return
        Batch.objects.filter(id=self._batch).update(
            **used,
            model=answered.model.title,
            runs_here=bool(answered.model.resource.attributes.get("runs_here")),
            **self._counters(counted),
        )
        self._count_details(answered.screened)
        if self._run is not None:  # so that what a run has used is right whenever it ends
            Run.objects.filter(id=self._run).update(
                **used,
                masked=F("masked") + sum(answered.screened.masked.values()),
                withheld=F("withheld") + sum(answered.screened.withheld.values()),
            )

    def _count_details(self, screened: Screened) -> None:
        if not (screened.masked or screened.withheld):
            return
        row = Batch.objects.select_for_update().only("masked", "withheld").get(id=self._batch)
        row.masked = dict(Counter(row.masked) + Counter(screened.masked))
        row.withheld = dict(Counter(row.withheld) + Counter(screened.withheld))
        row.save(update_fields=("masked", "withheld"))

    def _columns(self, row: RowAtWork) -> tuple[dict[str, Any], dict[str, int]]:
        """Return what to write into the row, and what that counts."""
        try:
            ends = ask_next(self._app, row)
        except AllotmentError as error:
            return self._end(row, RowState.FAILED, message=error.message, remedy=error.hint)
        if isinstance(ends, RowEnd):
            return self._ended(row, ends)
        so_far = {"answers": row.answers, "masking": msgspec.to_builtins(row.masking)}
        return {"progress": seal(so_far, column=PROGRESS, run=row.id, person=self._person)}, {}

    def _ended(self, row: RowAtWork, ends: RowEnd) -> tuple[dict[str, Any], dict[str, int]]:
        if ends.stopped:
            return self._end(row, RowState.STOPPED, message=ends.stopped)
        result = seal(list(ends.cells), column=RESULT, run=row.id, person=self._person)
        return self._end(row, RowState.DONE, result=result)

    def _end(
        self, row: RowAtWork, state: RowState, *, message: str = "", remedy: str = "", result: bytes = b""
    ) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the columns of a row that ends, after marking those filled in alike."""
        is_done = state in (RowState.DONE, RowState.STOPPED)
        told = {"state": state, "message": message, "remedy": remedy}
        copies = self._copies(row, told)
        if not is_done:  # what was answered and paid for before stays for another try
            return told, {"failed": 1 + copies}
        return told | {"result": result, "progress": b""}, {"done": 1 + copies, "copied": copies}

    def _copies(self, row: RowAtWork, columns: Mapping[str, Any]) -> int:
        if not self._same_once:
            return 0
        waiting = BatchRow.objects.filter(batch=self._batch, same_as=row.number, state=RowState.SAME)
        return waiting.update(**columns)

    @staticmethod
    def _write(row: RowAtWork, columns: Mapping[str, Any]) -> bool:
        """Write the row; False when somebody was first."""
        mine = BatchRow.objects.filter(id=row.id, state=RowState.WAITING, tries=row.tries)
        return bool(mine.update(**columns))

    @staticmethod
    def _counters(counted: Mapping[str, int]) -> dict[str, Any]:
        return {name: F(name) + count for name, count in counted.items() if count}

    def end_without_answer(self, row: RowAtWork, ends: RowEnd) -> None:
        """Write a row that came to its end without a question."""
        with turns.writing(), transaction.atomic():
            columns, counted = self._ended(row, ends)
            if self._write(row, columns):
                Batch.objects.filter(id=self._batch).update(**self._counters(counted))

    def mark(self, row: RowAtWork, state: RowState, message: str, remedy: str) -> None:
        """Write that a row was refused or failed."""
        with turns.writing(), transaction.atomic():
            columns, counted = self._end(row, state, message=message, remedy=remedy)
            if self._write(row, columns):
                Batch.objects.filter(id=self._batch).update(**self._counters(counted))


def waiting_rows(batch: UUID, after: int, count: int) -> list[RowAtWork]:
    """Return the next rows that wait, by number."""
    rows = BatchRow.objects.filter(batch=batch, state=RowState.WAITING, number__gt=after).order_by("number")
    return [row_at_work(row) for row in rows.defer("result", "message", "remedy", "alike")[:count]]


def put_back(batch: UUID, states: Iterable[str]) -> int:
    """Let rows in these states wait again, in the caller's transaction; returns how many."""
    rows = BatchRow.objects.filter(batch=batch, state__in=tuple(states))
    told = {"message": "", "remedy": "", "tries": F("tries") + 1}
    copies = rows.exclude(same_as=None).update(state=RowState.SAME, **told)
    return copies + rows.filter(same_as=None).update(state=RowState.WAITING, **told)


def is_all_done(batch: UUID) -> bool:
    """Say whether no row waits any more."""
    return not BatchRow.objects.filter(batch=batch, state__in=NOT_YET).exists()
