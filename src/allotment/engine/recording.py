"""What the journal records, and the port through which the gate records it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

Scalar = str | int | bool | None
Outcome = Literal["done", "allowed", "refused", "failed"]


@dataclass(frozen=True)
class Entry:
    """One governed action, as it enters the journal. Holds no personal content: names of things and digests only."""

    at: datetime
    action: str
    outcome: Outcome
    actor: UUID | None
    """The person; None for the installation itself."""
    object_kind: str
    object_id: str
    space: UUID | None = None
    app: UUID | None = None
    run: UUID | None = None
    policies: tuple[str, ...] = ()
    details: Mapping[str, Scalar] = field(default_factory=dict)


class Recorder(Protocol):
    """Writes entries durably."""

    async def record(self, entry: Entry) -> int:
        """Return the entry's number once it is on disk; raises `Unavailable` if it cannot be written."""
        ...
