"""Multiplying a past run, for measurements: the same rows under new ids, many at a time.

Invariant: each copy is sealed anew under its own id and has its own journal entries, marked `demo`, so that pages
read exactly what they would read of real runs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.recording import Entry, Outcome
from allotment.journal.recording import record_all
from allotment.kernel.ids import new_id
from allotment.runs.models import Run, RunEvent, RunStep
from allotment.runs.sealing import seal, unseal

_BATCH = 1000


@dataclass(frozen=True)
class Copy:
    """Where one copy belongs: which app, whose run, when."""

    app: UUID
    person: UUID
    at: datetime


def multiply(original: UUID, copies: Iterable[Copy]) -> int:
    """Store the copies of a finished run and return how many there are."""
    mould = _Mould(original)
    waiting = iter(copies)
    stored = 0
    while batch := list(islice(waiting, _BATCH)):
        _store(mould, batch)
        stored += len(batch)
    return stored


@transaction.atomic
def _store(mould: "_Mould", batch: list[Copy]) -> None:
    cast = [(copy, new_id()) for copy in batch]
    Run.objects.bulk_create([mould.run(copy, run) for copy, run in cast])
    RunStep.objects.bulk_create([step for copy, run in cast for step in mould.steps(copy, run)])
    RunEvent.objects.bulk_create([mould.event(copy, run) for copy, run in cast])
    record_all([entry for copy, run in cast for entry in mould.entries(copy, run)])


class _Mould:
    """A run with its content open, ready to be cast again."""

    def __init__(self, original: UUID) -> None:
        self._row = Run.objects.get(id=original)
        self._form = unseal(self._row.form, column="form", run=original)
        self._result: Any = None
        if self._row.result is not None:
            self._result = unseal(self._row.result, column="result", run=original)
        self._steps = [
            (step, unseal(step.outcome, column=f"outcome.{step.step}", run=original))
            for step in RunStep.objects.filter(run=original).order_by("id")
        ]

    def run(self, copy: Copy, run: UUID) -> Run:
        row = self._row
        took = (row.finished_at or row.created_at) - row.created_at
        return Run(
            id=run,
            app_id=copy.app,
            version=row.version,
            spec=row.spec,
            digest=row.digest,
            person_id=copy.person,
            space_id=row.space_id,
            state=row.state,
            created_at=copy.at,
            finished_at=copy.at + took,
            form=seal(self._form, column="form", run=run, person=copy.person),
            result=self._sealed_result(copy, run),
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            cost_nanodollars=row.cost_nanodollars,
            masked=row.masked,
        )

    def steps(self, copy: Copy, run: UUID) -> Iterator[RunStep]:
        for step, outcome in self._steps:
            yield RunStep(
                run_id=run,
                step=step.step,
                template=step.template,
                model=step.model,
                tokens_in=step.tokens_in,
                tokens_out=step.tokens_out,
                cost_nanodollars=step.cost_nanodollars,
                milliseconds=step.milliseconds,
                masked=step.masked,
                outcome=seal(outcome, column=f"outcome.{step.step}", run=run, person=copy.person),
                finished_at=copy.at,
            )

    def _sealed_result(self, copy: Copy, run: UUID) -> bytes | None:
        if self._result is None:
            return None
        return seal(self._result, column="result", run=run, person=copy.person)

    def event(self, copy: Copy, run: UUID) -> RunEvent:
        told = {"state": self._row.state, "message": ""}
        payload = seal(told, column="event", run=run, person=copy.person)
        return RunEvent(run_id=run, number=1, kind="done", payload=payload, at=copy.at)

    def entries(self, copy: Copy, run: UUID) -> Iterator[Entry]:
        """Yield what the journal says of one run: its start, each question, its end."""
        yield self._entry(copy, run, Action.RUN_APP, "app", "allowed")
        for _ in self._steps:
            yield self._entry(copy, run, Action.ASK_MODEL, "model", "done")
        yield self._entry(copy, run, Action.RUN_APP, "run", "done")

    def _entry(self, copy: Copy, run: UUID, action: Action, kind: str, outcome: Outcome) -> Entry:
        named = {"app": copy.app, "run": run, "model": "example-model"}
        return Entry(
            at=copy.at,
            action=action.value,
            outcome=outcome,
            actor=copy.person,
            object_kind=kind,
            object_id=str(named[kind]),
            space=self._row.space_id,
            app=copy.app,
            run=run,
            details={"demo": True},
        )
