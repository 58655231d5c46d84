"""Receipts of the rows of a batch: the same as those of runs, each made when somebody first asks for it.

A batch of a hundred thousand rows would otherwise double its entries for receipts that few people ever read. That
entry of the journal holds the receipt's digest and its text, so it never changes afterwards; the salt of the
commitment to the answer comes from the batch's own sealed key. Invariant: only a row with an answer has a receipt;
whoever may see the outside of a run may see it, the answer goes only to those who may see that.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Resource
from allotment.engine.spec.reading import from_plain
from allotment.journal import turns
from allotment.journal.bodies import instant
from allotment.journal.calls import Call, issued_receipt, question_at, questions_about
from allotment.journal.recording import note
from allotment.kernel.canonical import canonical_bytes, digest
from allotment.kernel.errors import Erased, NotFound
from allotment.microapps.published import approver_of
from allotment.policies.deciding import decide
from allotment.runs.batches.answering import result_columns
from allotment.runs.batches.keeping import RESULT
from allotment.runs.batches.models import Batch, BatchRow, RowState
from allotment.runs.batches.sealed import about_of
from allotment.runs.receipts import FORMAT, Issued, Receipt, ReceiptApp, ReceiptLine, commitment
from allotment.runs.sealing import unseal

ISSUE = "runs.receipt"
"""The action of the entry that vouches for such a receipt."""
ANSWERED = frozenset({RowState.DONE, RowState.STOPPED})


def row_receipt_for(actor: Actor, batch: UUID, number: int) -> Issued:
    """Return the receipt of a row to somebody who may see its outside, and make it if there is none yet.

    Raises `NotFound`, also for a row without an answer.
    """
    row = _row(actor, batch, number)
    first = _first(row)
    if row.state not in ANSWERED or first.entry is None:
        raise NotFound(
            _("Row %(number)s has no receipt.") % {"number": f"{number:,}"},
            hint=_("A row has one once it is answered; rows that failed or were not asked have none."),
        )
    result, salt = _answer(row, first)
    entry, text = _issued(row) or _issue(actor, row, first, (result, salt))
    with_content = _may_see(actor, row.batch, content=True)
    receipt = msgspec.json.decode(text, type=Receipt)
    if not with_content or not salt or receipt.result is None:
        result, salt = None, b""
    return Issued(receipt, text, entry, result, salt, with_content)


def _row(actor: Actor, batch: UUID, number: int) -> BatchRow:
    rows = BatchRow.objects.select_related("batch__app", "batch__run").filter(batch=batch, number=number)
    row = rows.first()
    if row is None or not _may_see(actor, row.batch, content=False):
        raise NotFound(
            _("There is no such row, or it is not yours."),
            hint=_("Look for it among the rows of its batch."),
        )
    return row


def _first(row: BatchRow) -> BatchRow:
    """Return the row that was asked: this one, or the one filled in alike whose answer it took."""
    if row.same_as is None:
        return row
    return BatchRow.objects.get(batch=row.batch_id, number=row.same_as)


def _answer(row: BatchRow, first: BatchRow) -> tuple[list[Any] | None, bytes]:
    """Return the answer, by column, and the salt of its commitment; nothing without one, or of somebody erased."""
    if not first.result:
        return None, b""
    try:
        cells = unseal(first.result, column=RESULT, run=first.id)
        key = about_of(row.batch).key
    except Erased:
        return None, b""
    columns = result_columns(from_plain(row.batch.spec))
    result = [{"column": name, "value": cell} for name, cell in zip(columns, cells, strict=True)]
    return result, hmac.digest(key, b"receipt:" + row.id.bytes, hashlib.sha256)


def _issued(row: BatchRow) -> tuple[int, str] | None:
    return issued_receipt(ISSUE, row.id, row.batch.run_id or row.batch_id)


def _issue(
    actor: Actor, row: BatchRow, first: BatchRow, answer: tuple[list[Any] | None, bytes]
) -> tuple[int, str]:
    """Record the receipt, unless somebody else just did; returns its ticket and its text."""
    batch = row.batch
    receipt = _receipt(row, first, answer)
    plain = msgspec.to_builtins(receipt)
    text = canonical_bytes(plain).decode()
    with turns.writing(), transaction.atomic():
        BatchRow.objects.select_for_update().get(id=row.id)  # whoever asks at the same moment waits here
        if (found := _issued(row)) is not None:
            return found
        ticket = note(
            ISSUE,
            actor=actor.person,
            object_kind="run",
            object_id=str(row.id),
            space=batch.space_id,
            app=batch.app_id,
            run=receipt.run,
            approver=receipt.approver,
            title=receipt.app.title,
            batch=str(batch.id),
            row=row.number,
            receipt=digest(plain),
            text=text,
        )
    return ticket, text


def _receipt(row: BatchRow, first: BatchRow, answer: tuple[list[Any] | None, bytes]) -> Receipt:
    batch, asked = row.batch, _asked(first)
    result, salt = answer
    committed = None
    if first.result:  # of somebody erased, to nothing that anyone can read
        committed = (
            commitment(result, salt) if result is not None else commitment([], secrets.token_bytes(32))
        )
    return Receipt(
        format=FORMAT,
        run=batch.run_id or batch.id,
        app=ReceiptApp(batch.app_id, batch.spec["title"], batch.version, _digest_of_app(batch)),
        state=str(row.state),
        started_at=instant(asked[0].at - timedelta(milliseconds=asked[0].milliseconds)),
        ended_at=instant(asked[-1].at),
        person=batch.person_id,
        approver=None if batch.version is None else approver_of(batch.app_id, batch.version),
        steps=[_line(one, batch) for one in asked],
        cost_nanodollars=row.cost_nanodollars,
        result=committed,
        row=row.number,
    )


def _digest_of_app(batch: Batch) -> str:
    """Return the digest of the app as it was approved: what a step of a run asks is only a part of it."""
    return batch.digest if batch.run is None else batch.run.digest


def _asked(first: BatchRow) -> Sequence[Call]:
    """Return every question that was answered about a row; of rows of earlier versions, the last one."""
    batch, last = first.batch, first.entry or 0
    own = {step["step"] for step in batch.spec["steps"]}
    found = questions_about(batch.run_id or batch.id, first.number, last)
    asked = [one for one in found if one.step in own] or question_at(last)
    if not asked:
        raise NotFound(
            _("The journal has no entry about this row’s answer."), hint=_("Tell an administrator.")
        )
    return asked


def _line(asked: Call, batch: Batch) -> ReceiptLine:
    return ReceiptLine(
        step=asked.step,
        template=asked.template,
        model=asked.model,
        runs_here=batch.runs_here,
        tokens_in=asked.tokens_in,
        tokens_out=asked.tokens_out,
        cost_nanodollars=asked.cost_nanodollars,
        milliseconds=asked.milliseconds,
        masked=dict(asked.masked),
        withheld={"details": asked.found} if asked.found else {},
        warnings=[],
        entry=asked.entry,
    )


def _may_see(actor: Actor, batch: Batch, *, content: bool) -> bool:
    attributes = {"person": str(batch.person_id), "app_owner": str(batch.app.owner_id)}
    if batch.space_id is not None:
        attributes["space"] = str(batch.space_id)
    resource = Resource("Run", str(batch.id), attributes)
    return decide(actor, Action.SEE_RUN, resource, {"content": content}).allowed
