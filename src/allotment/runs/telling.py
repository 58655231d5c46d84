"""What a run, a batch or one of its rows tells its person: why it did not come to its end, and what to do.

Sealed, because such words quote: a provider its prompt, a check a model's answer, a table the names of its columns.
Invariant: nothing told is stored as nothing, and so is what would be told to somebody erased.
"""

from dataclasses import dataclass
from uuid import UUID

from allotment.runs.models import Run
from allotment.runs.sealing import seal, unseal

_RUN = "told"


@dataclass(frozen=True)
class Told:
    """Words for a person; empty where there are none."""

    message: str = ""
    remedy: str = ""


def sealed_words(told: Told, *, column: str, row: UUID, person: UUID) -> bytes:
    """Seal words for one column of one row."""
    if told == Told():
        return b""
    return seal([told.message, told.remedy], column=column, run=row, person=person)


def opened_words(sealed: bytes | memoryview, *, column: str, row: UUID) -> Told:
    """Open what `sealed_words` made; raises `Erased` for what was told to somebody erased since."""
    return Told(*unseal(sealed, column=column, run=row)) if sealed else Told()


def sealed_told(row: Run, message: str, remedy: str = "") -> bytes:
    """Seal what a run tells."""
    return sealed_words(Told(message, remedy), column=_RUN, row=row.id, person=row.person_id)


def told_of(row: Run) -> Told:
    """Open what a run tells; raises `Erased`."""
    return opened_words(row.told, column=_RUN, row=row.id)
