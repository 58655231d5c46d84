"""The events of a run: appended by the run, followed by pages, replayed after a reconnect.

Invariant: an event is on disk before anybody is woken to read it; numbers have no gaps. The last one is stored in the
transaction that ends the run: whoever sees that a run is over finds all of its events.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from allotment.runs.models import Run, RunEvent
from allotment.runs.sealing import seal, unseal

Waker = Callable[[], None]


@dataclass(frozen=True)
class Event:
    """`kind` is progress, text, done or failed; `payload` is plain data for the page."""

    number: int
    kind: str
    payload: Any


class _Bell:
    """Wakes whoever follows a run in this process. Followers in other processes poll."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakers: dict[UUID, set[Waker]] = defaultdict(set)

    def hang(self, run: UUID, waker: Waker) -> None:
        with self._lock:
            self._wakers[run].add(waker)

    def take_down(self, run: UUID, waker: Waker) -> None:
        with self._lock:
            self._wakers[run].discard(waker)
            if not self._wakers[run]:
                del self._wakers[run]

    def ring(self, run: UUID) -> None:
        with self._lock:
            wakers = tuple(self._wakers.get(run, ()))
        for waker in wakers:
            waker()


bell = _Bell()


def append(run: UUID, kind: str, payload: Any) -> int:
    """Store an event; wake the followers once it is committed. Returns its number, counted from 1."""
    with transaction.atomic():
        # Whoever appends to a run does so in turn: two would take one number, or wait for each other for ever.
        person = Run.objects.select_for_update().values_list("person_id", flat=True).get(id=run)
        last = RunEvent.objects.filter(run=run).aggregate(last=Max("number"))["last"]
        number = (last or 0) + 1
        RunEvent.objects.create(
            run_id=run,
            number=number,
            kind=kind,
            payload=seal(payload, column="event", run=run, person=person),
        )
        transaction.on_commit(partial(bell.ring, run))
    return number


def after(run: UUID, number: int) -> tuple[Event, ...]:
    """Return the events that follow `number`, in order; raises `Erased` for a run of somebody erased."""
    rows = RunEvent.objects.filter(run=run, number__gt=number).order_by("number")
    return tuple(Event(row.number, row.kind, unseal(row.payload, column="event", run=run)) for row in rows)
