"""How far a run has come: its finished steps, as rows that a restart goes on from."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from allotment.runs.models import Run, RunStep
from allotment.runs.sealing import seal, unseal
from allotment.screening.masking import Masking, Remembered


def sealed_outcome(answer: Any, masking: Iterable[Remembered], *, step: str, run: Run) -> bytes:
    """Seal what a finished step leaves behind: its answer, and the values of the run's placeholders."""
    value = {"answer": answer, "masking": msgspec.to_builtins(list(masking))}
    return seal(value, column=f"outcome.{step}", run=run.id, person=run.person_id)


def answer_of(row: RunStep, run: UUID) -> Any:
    """Return the answer of a finished step."""
    return unseal(row.outcome, column=f"outcome.{row.step}", run=run)["answer"]


def remembered(rows: Sequence[RunStep], run: UUID) -> tuple[Remembered, ...]:
    """Return the placeholders given so far; each step carries those of all steps before it."""
    if not rows:
        return ()
    stored = unseal(rows[-1].outcome, column=f"outcome.{rows[-1].step}", run=run)["masking"]
    return tuple(msgspec.convert(stored, list[Remembered]))


def masking_after(rows: Sequence[RunStep], run: UUID) -> Masking:
    """Return the masking as the last finished step left it."""
    return Masking.from_values(remembered(rows, run))
