"""Ending, pausing and reviving a batch, with its entries in the journal.

Invariant: a batch is over only when no row waits. Its last entry holds the counts and a keyed digest over what became
of every row, in order, so that nothing can be changed in a result without the journal telling.
"""

import hashlib
import hmac
from collections.abc import Mapping
from uuid import UUID

import msgspec
from django.db import transaction

from allotment.engine.actions import Action
from allotment.journal.recording import note
from allotment.runs.batches import holding, keeping
from allotment.runs.batches.models import AT_WORK, FINAL, TRIED_IN_VAIN, Batch, BatchRow, BatchState
from allotment.runs.batches.sealed import about_of
from allotment.runs.sealing import unseal_bytes

START, PAUSE, RESUME, CANCEL, RETRY, FINISH, TAKE_OUT = (
    "start",
    "pause",
    "resume",
    "cancel",
    "retry",
    "finish",
    "take out",
)
"""What happens to a batch, as the journal's entries of running the app say it."""


def tell(what: str, row: Batch, actor: UUID | None, details: Mapping[str, str | int | bool]) -> int:
    """Record what happened to a batch, in the caller's transaction."""
    return note(
        Action.RUN_APP.value,
        actor=actor,
        object_kind="app",
        object_id=str(row.app_id),
        space=row.space_id,
        app=row.app_id,
        run=row.run_id or row.id,
        outcome="allowed" if what == START else "done",
        batch=what,
        version=row.version,
        digest=row.digest,
        counts=msgspec.json.encode(details).decode(),
    )


def finish(batch: UUID) -> bool:
    """End a batch that has no waiting row. Returns False when it has, or is not at work."""
    if not keeping.is_all_done(batch):
        return False
    row = Batch.objects.get(id=batch)
    digest = results_digest(row)
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if row.state != BatchState.WORKING or not keeping.is_all_done(batch):
            return False
        holding.move(batch, BatchState.DONE)
        counts = {"rows": row.rows, "done": row.done, "failed": row.failed, "unfit": row.unfit}
        used = {
            "tokens_in": row.tokens_in,
            "tokens_out": row.tokens_out,
            "cost_nanodollars": row.cost_nanodollars,
        }
        entry = tell(FINISH, row, row.person_id, {"results": digest, **counts, **used})
        Batch.objects.filter(id=batch).update(entry=entry)
    return True


def pause(batch: UUID, message: str, remedy: str, *, actor: UUID | None = None) -> bool:
    """Pause a batch at work; `actor` is None when it paused itself. Returns False when it is not at work."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if row.state not in AT_WORK:
            return False
        holding.move(batch, BatchState.PAUSED, message=message, remedy=remedy)
        tell(PAUSE, row, actor, {"by itself": actor is None, "done": row.done, "rows": row.rows})
    return True


def resume(batch: UUID, actor: UUID | None) -> bool:
    """Go on with a paused batch."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if row.state != BatchState.PAUSED:
            return False
        holding.move(batch, BatchState.WORKING if row.rows == row.rows_expected else BatchState.PREPARING)
        tell(RESUME, row, actor, {})
    return True


def cancel(batch: UUID, actor: UUID | None) -> bool:
    """End a batch now; what is done stays."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if not holding.move(batch, BatchState.CANCELLED):
            return False
        tell(CANCEL, row, actor, {"done": row.done, "rows": row.rows_expected})
    return True


def fail(batch: UUID, message: str, remedy: str) -> None:
    """End a batch that could not be prepared."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if holding.move(batch, BatchState.FAILED, message=message, remedy=remedy):
            tell(FINISH, row, row.person_id, {"rows": row.rows, "failed": row.rows_expected})


def retry(batch: UUID, actor: UUID | None) -> int:
    """Let the rows that failed or were held back wait again; returns how many. Those of a step of a run stay."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        if row.run_id is not None:  # its run has gone on without them
            return 0
        if row.state == BatchState.FAILED or row.rows < row.rows_expected:
            return 0
        count = keeping.put_back(batch, TRIED_IN_VAIN)
        if not count:
            return 0
        row.failed -= count
        if row.state in FINAL or row.state == BatchState.PAUSED:
            row.state, row.told, row.finished_at = BatchState.WORKING, b"", None
        row.save(update_fields=("failed", "state", "told", "finished_at"))
        tell(RETRY, row, actor, {"rows": count})
    return count


def results_digest(row: Batch) -> str:
    """Return the keyed digest over what became of each row."""
    found = hmac.new(about_of(row).key, digestmod=hashlib.sha256)
    rows = BatchRow.objects.filter(batch=row).order_by("number")
    for one in rows.only("id", "number", "state", "result").iterator(500):
        result = unseal_bytes(one.result, column=keeping.RESULT, run=one.id) if one.result else b""
        found.update(f"{one.number}:{one.state}:{len(result)}:".encode())
        found.update(result)
    return f"hmac-sha256:{found.hexdigest()}"
