"""What a batch keeps sealed about itself: the file it came from, its columns, the key of its digests, what it tells."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from secrets import token_bytes
from uuid import UUID

from allotment.runs.batches.models import Batch, BatchRow
from allotment.runs.sealing import seal, unseal
from allotment.runs.telling import Told, opened_words, sealed_words

_ABOUT, _TOLD, _ROW_TOLD = "batch.about", "batch.told", "batch.row told"


@dataclass(frozen=True)
class About:
    """Where the rows come from and how they become forms."""

    name: str
    """Of the file, or of the step of a run."""
    columns: tuple[str, ...]
    """Every column of the file, in its order; of a run's table those that are asked about."""
    matching: dict[str, str]
    """Field to column."""
    constants: dict[str, str] = field(default_factory=dict)
    """Field to the text that is the same for every row."""
    table: str = ""
    """The path of the run's table the rows come from; empty for a file."""
    key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)


def sealed_about(about: About, *, batch: UUID, person: UUID) -> bytes:
    """Seal it for its batch."""
    value = {
        "name": about.name,
        "columns": list(about.columns),
        "matching": about.matching,
        "constants": about.constants,
        "table": about.table,
        "key": b64encode(about.key).decode(),
    }
    return seal(value, column=_ABOUT, run=batch, person=person)


def about_of(row: Batch) -> About:
    """Open it; raises `Erased` for somebody erased."""
    value = unseal(row.about, column=_ABOUT, run=row.id)
    return About(
        name=value["name"],
        columns=tuple(value["columns"]),
        matching=value["matching"],
        constants=value["constants"],
        table=value.get("table", ""),
        key=b64decode(value["key"]),
    )


def sealed_told(row: Batch, message: str, remedy: str) -> bytes:
    """Seal what a batch tells."""
    return sealed_words(Told(message, remedy), column=_TOLD, row=row.id, person=row.person_id)


def told_of(row: Batch) -> Told:
    """Open what a batch tells; raises `Erased`."""
    return opened_words(row.told, column=_TOLD, row=row.id)


def sealed_row_told(row: UUID, person: UUID, message: str, remedy: str = "") -> bytes:
    """Seal what a row tells."""
    return sealed_words(Told(message, remedy), column=_ROW_TOLD, row=row, person=person)


def row_told(row: BatchRow) -> Told:
    """Open what a row itself tells; raises `Erased`."""
    return opened_words(row.told, column=_ROW_TOLD, row=row.id)
