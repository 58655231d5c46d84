"""Reading some rows of one's own batch for a page: how each went and the beginning of its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from allotment.engine.principals import Actor
from allotment.runs.batches.keeping import RESULT
from allotment.runs.batches.models import BatchRow
from allotment.runs.batches.queries import batch_row
from allotment.runs.batches.row_receipts import ANSWERED
from allotment.runs.sealing import unseal

PAGE_LENGTH = 50
_SHOWN = 120
"""Characters of an answer."""


@dataclass(frozen=True)
class ListedRow:
    """One row."""

    number: int
    state: str
    answer: str
    """Its beginning; empty without one."""
    same_as: int | None
    cost_nanodollars: int
    has_receipt: bool


def rows_from(actor: Actor, batch: UUID, start: int) -> tuple[ListedRow, ...]:
    """Return a page of rows from number `start`; raises `NotFound` for the batch of somebody else, and `Erased`."""
    row = batch_row(actor, batch)
    chosen = BatchRow.objects.filter(batch=row, number__gte=start, number__lt=start + PAGE_LENGTH)
    found = list(chosen.order_by("number").defer("given", "progress", "alike"))
    asked = {one.number: one for one in found}
    elsewhere = {one.same_as for one in found if one.same_as is not None} - set(asked)
    asked |= {one.number: one for one in BatchRow.objects.filter(batch=row, number__in=elsewhere)}
    return tuple(_listed(one, asked) for one in found)


def _listed(row: BatchRow, asked: Mapping[int, BatchRow]) -> ListedRow:
    first = row if row.same_as is None else asked.get(row.same_as, row)
    is_answered = row.state in ANSWERED
    answer = _beginning(first) if is_answered else ""
    has_receipt = is_answered and first.entry is not None
    return ListedRow(row.number, str(row.state), answer, row.same_as, row.cost_nanodollars, has_receipt)


def _beginning(row: BatchRow) -> str:
    if not row.result:
        return ""
    text = " · ".join(cell for cell in unseal(row.result, column=RESULT, run=row.id) if cell)
    return text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + "…"
