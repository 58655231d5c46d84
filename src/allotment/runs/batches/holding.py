"""Holding a batch: which process is at it, how long it was worked on, and its way from one state to the next.

Invariant: at most one process works on a batch. It holds it by a beat; who misses beats for `ABANDONED_AFTER` has let
go, and any other process of the installation takes the batch up where its rows stand. That is what a restart after a
crash does, too, so a batch needs no workflow beside its own rows.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allotment.kernel import clock
from allotment.runs.batches.models import AT_WORK, FINAL, Batch, BatchState
from allotment.runs.batches.sealed import sealed_told
from allotment.runs.models import FINAL_STATES, Run

BEAT_SECONDS = 1.0
ABANDONED_AFTER = timedelta(seconds=10)


def take_up(worker: UUID, most: int) -> tuple[UUID, ...]:
    """Take batches that wait for somebody to work on them, oldest first; returns those that are ours now."""
    now = clock.now()
    free = Q(worker=None) | Q(beat_at__lt=now - ABANDONED_AFTER)
    open_ = Batch.objects.filter(free, state__in=AT_WORK).exclude(worker=worker)
    wanted = open_.order_by("created_at").values_list("id", flat=True)[:most]
    return tuple(batch for batch in wanted if _take(batch, worker))


def _take(batch: UUID, worker: UUID) -> bool:
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(id=batch)
        now = clock.now()
        is_free = row.worker is None or row.beat_at is None or row.beat_at < now - ABANDONED_AFTER
        if not is_free or row.state not in AT_WORK:
            return False
        _stop_watch(row, row.beat_at)
        row.worker, row.beat_at, row.working_since = worker, now, now
        row.save(update_fields=("worker", "beat_at", "working_since", "worked_seconds"))
    return True


def beat(batch: UUID, worker: UUID, waits_for: str) -> str:
    """Show that this process is at it. Returns the state that is wanted, or nothing when it was taken away."""
    mine = Batch.objects.filter(id=batch, worker=worker)
    if not mine.update(beat_at=clock.now(), waits_for=waits_for):
        return ""
    state, run = mine.values_list("state", "run_id").get()
    if Run.objects.filter(id=run, state__in=FINAL_STATES).exists():  # the run whose step it is
        return BatchState.CANCELLED
    return str(state)


def let_go(batch: UUID, worker: UUID) -> None:
    """Stop being at it."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().filter(id=batch, worker=worker).first()
        if row is None:
            return
        _stop_watch(row, clock.now())
        row.worker, row.beat_at, row.waits_for = None, None, ""
        row.save(update_fields=("worker", "beat_at", "waits_for", "working_since", "worked_seconds"))


def worked_seconds(row: Batch) -> float:
    """Return how long a batch was worked on, up to its end or the last beat."""
    if row.working_since is None:
        return row.worked_seconds
    until = row.finished_at or row.beat_at or clock.now()
    return row.worked_seconds + max(0.0, (until - row.working_since).total_seconds())


def _stop_watch(row: Batch, at: datetime | None) -> None:
    """Add the time from when work began until `at` to what was worked."""
    if row.working_since is not None and at is not None:
        row.worked_seconds += max(0.0, (at - row.working_since).total_seconds())
    row.working_since = None


def move(batch: UUID, wanted: BatchState, *, message: str = "", remedy: str = "") -> bool:
    """Bring a batch into another state, in the caller's transaction. Returns False when it is over already."""
    row = Batch.objects.select_for_update().get(id=batch)
    if row.state in FINAL:
        return False
    row.state, row.told, row.waits_for = wanted, sealed_told(row, message, remedy), ""
    row.finished_at = clock.now() if wanted in FINAL else None
    row.save(update_fields=("state", "told", "waits_for", "finished_at"))
    return True
