"""What the journal records, and the port through which the gate records it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from allotment.kernel.errors import AllotmentError
from allotment.kernel.ids import new_id

Scalar = str | int | bool | None
Outcome = Literal["done", "allowed", "refused", "failed"]


class Personal(msgspec.Struct, frozen=True):
    """A value that says something about a person. It is kept under that person's key, outside the entry."""

    subject: UUID
    value: str


class Entry(msgspec.Struct, frozen=True):
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
    details: Mapping[str, Scalar] = msgspec.field(default_factory=dict)
    personal: Mapping[str, Personal] = msgspec.field(default_factory=dict)
    flagged: bool = False
    """Whether somebody should look at it."""
    id: UUID = msgspec.field(default_factory=new_id)
    """Given once: an entry with the same id never enters twice."""


class Also(msgspec.Struct, frozen=True):
    """What belongs to an entry and is written in the entry's own transaction."""

    write: Callable[[Sequence[tuple[Any, int]]], None]
    """Writes the `what` of entries that share a transaction, each with its entry's ticket, in one go.

    Called once for all that name an equal one, in the writer's thread while others wait: a few statements, no network.
    It may be called again after a transaction that was undone, so that only what it writes into the database may count.
    """
    what: Any


class NotKept(AllotmentError):
    """What belongs to an entry could not be written, so the entry was not written either."""

    code = "not-kept"
    status = 503

    def __init__(self, message: str, *, hint: str, retryable: bool) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
        """Whether the same may succeed later."""


class Recorder(Protocol):
    """Writes entries durably."""

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        """Return the entry's ticket once it is on disk, together with what `also` writes: both, or neither.

        Raises `Unavailable` if it cannot be written, `NotKept` if `also` fails.

        A ticket names the entry from now on. Its number in the tree is given by the sequencer a moment later.
        A caller that is cancelled while it waits does not take its entry back.

        `has_happened` says that the world was changed already: if this entry cannot be written now it is owed, and
        written as soon as that is possible, as the failure it then is. Without, an entry that cannot be written is
        forgotten with what it was about.
        """
        ...
