"""What the journal records, and the port through which the gate records it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from allotment.kernel.ids import new_id

Scalar = str | int | bool | None
Outcome = Literal["done", "allowed", "refused", "failed"]


@dataclass(frozen=True)
class Personal:
    """A value that says something about a person. It is kept under that person's key, outside the entry."""

    subject: UUID
    value: str


@dataclass(frozen=True)
class Entry:
    """One governed action, as it enters the journal.

    Holds no personal content: names of things and digests only. What is personal goes into `personal`, of which the
    entry itself keeps a salted commitment.
    """

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
    approver: UUID | None = None
    """Who approved what was done here, when that is somebody else than the actor."""
    details: Mapping[str, Scalar] = field(default_factory=dict)
    personal: Mapping[str, Personal] = field(default_factory=dict)
    flagged: bool = False
    """Whether somebody should look at it."""
    id: UUID = field(default_factory=new_id)
    """Given once: an entry with the same id never enters twice."""


class Recorder(Protocol):
    """Writes entries durably."""

    async def record(self, entry: Entry) -> int:
        """Return the entry's ticket once it is on disk; raises `Unavailable` if it cannot be written.

        A ticket names the entry from now on. Its number in the tree is given by the sequencer a moment later.
        A caller that is cancelled while it waits does not take its entry back.
        """
        ...
