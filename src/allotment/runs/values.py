"""What pages, the gateway and the command line know of a run: values, never rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allotment.engine.spec.app import App, ForEach


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run in a list. Holds nothing that was typed or answered."""

    id: UUID
    app_id: UUID
    app_title: str
    app_slug: str
    version: int | None
    person_id: UUID
    person_name: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    cost_nanodollars: int
    masked: int
    withheld: int

    @property
    def is_trial(self) -> bool:
        """Whether it ran the working copy."""
        return self.version is None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("waiting", "running")

    @property
    def seconds(self) -> float | None:
        """How long it took, once it is over."""
        return (self.finished_at - self.created_at).total_seconds() if self.finished_at else None


@dataclass(frozen=True)
class Piece:
    """A piece of an answer; `masked_kind` says what was masked before it left and put back here."""

    text: str
    masked_kind: str = ""
    is_unsupported: bool = False
    """Whether it is a number that no computed table bears out."""


@dataclass(frozen=True)
class ShownCell:
    """A cell as it is shown."""

    text: str
    is_number: bool = False
    is_one_line: bool = False
    """Whether it is never broken into lines."""


@dataclass(frozen=True)
class ShownTable:
    """The first rows of a table, as they are shown."""

    heads: tuple[ShownCell, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    rows_in_all: int

    @property
    def has_more(self) -> bool:
        """Whether the table has rows that are not shown."""
        return self.rows_in_all > len(self.rows)

    @property
    def text(self) -> str:
        """The table as a spreadsheet takes it from the clipboard."""
        return "\n".join("\t".join(cell.text for cell in row) for row in (self.heads, *self.rows))


@dataclass(frozen=True)
class ShownPart:
    """One part of a result, as the app's spec asks to show it."""

    show: str
    title: str
    pieces: tuple[Piece, ...] = ()
    label: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    place: int = 0
    """Where it stands in the result, from 0."""
    table: ShownTable | None = None
    """Of a table, and the numbers behind a chart."""
    alt: str = ""
    """What a chart shows, in words."""

    @property
    def has_unsupported(self) -> bool:
        """Whether some number in the text is in no computed table."""
        return any(piece.is_unsupported for piece in self.pieces)

    @property
    def text(self) -> str:
        """What the copy button copies."""
        if self.show == "fields":
            return "\n".join(f"{name}: {value}" for name, value in self.fields)
        if self.show == "list":
            return "\n".join(f"- {item}" for item in self.items)
        if self.table is not None:
            return self.table.text
        return self.label or "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class ReceiptStep:
    """One line of the receipt: what a step used and what was checked."""

    step: str
    template_title: str
    template_number: int
    model: str
    runs_here: bool
    tokens_in: int
    tokens_out: int
    cost_nanodollars: int
    milliseconds: int
    masked: dict[str, int]
    withheld: dict[str, int]
    entry: int | None
    warnings: tuple[str, ...] = ()
    """Sentences about budgets that are nearly used up, and about rows without an answer."""


@dataclass(frozen=True)
class Progress:
    """How far a run is, in words and as a share."""

    words: str
    value: float
    max: float


@dataclass(frozen=True, kw_only=True)
class RunDetail(RunSummary):
    """One run with everything its page shows to the person it belongs to."""

    spec: App
    digest: str
    form: dict[str, str]
    parts: tuple[ShownPart, ...]
    message: str
    remedy: str
    steps: tuple[ReceiptStep, ...]
    tokens_in: int
    tokens_out: int
    last_event: int
    details_masked: int
    """How many different details were masked; one that several steps needed counts once."""
    partial: dict[str, Any]
    """Text released so far, by step, while it runs."""
    progress: Progress | None = None
    """What was last told, while it runs."""
    has_receipt: bool = False
    """Whether the journal vouches for it; runs of earlier versions of Allotment have none."""
    is_erased: bool = False
    """Whether what was typed and answered is gone for good, because the person asked for that."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the steps warned of, each once."""
        return tuple(dict.fromkeys(warning for step in self.steps for warning in step.warnings))

    @property
    def asks_rows(self) -> bool:
        """Whether a step asks a model for each row of a table."""
        return any(isinstance(step, ForEach) for step in self.spec.steps)
