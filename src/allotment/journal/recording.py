"""Recording an action in the transaction that performs it: both are on disk, or neither is.

Invariant: the stored leaf is the digest of exactly the stored fields.
Refuses: details that are not plain scalars.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rfc8785 import CanonicalizationError

from allotment.engine.recording import Entry, Outcome, Scalar
from allotment.journal.models import OBJECT_ID_LENGTH, JournalEntry
from allotment.kernel import clock
from allotment.kernel.canonical import canonical_bytes
from allotment.kernel.errors import Invalid

_marks: ContextVar[dict[str, Scalar] | None] = ContextVar("marks", default=None)


@contextmanager
def marking(**details: Scalar) -> Iterator[None]:
    """Add these details to every entry noted in the block, so that invented ones can always be told apart."""
    token = _marks.set({**(_marks.get() or {}), **details})
    try:
        yield
    finally:
        _marks.reset(token)


def record(entry: Entry) -> int:
    """Append `entry` in the current transaction and return its number."""
    row = row_of(entry)
    row.save()
    return row.number


def record_all(entries: Sequence[Entry]) -> list[int]:
    """Append many entries in one statement and return their numbers, which ascend."""
    return [row.number for row in JournalEntry.objects.all().append([row_of(entry) for entry in entries])]


def note(  # noqa: PLR0913 - an entry has this many parts, and every caller names them
    action: str,
    *,
    actor: UUID | None,
    object_kind: str,
    object_id: str,
    space: UUID | None = None,
    app: UUID | None = None,
    run: UUID | None = None,
    outcome: Outcome = "done",
    policies: Sequence[str] = (),
    **details: Scalar,
) -> int:
    """Append what was just done, at the current time, and return its number.

    `details` hold names, numbers and digests of things; never what a person wrote.
    """
    return record(
        Entry(
            at=clock.now(),
            action=str(action),
            outcome=outcome,
            actor=actor,
            object_kind=object_kind,
            object_id=object_id,
            space=space,
            app=app,
            run=run,
            policies=tuple(policies),
            details={**details, **(_marks.get() or {})},
        )
    )


def row_of(entry: Entry) -> JournalEntry:
    """Return the unsaved row of `entry`, with its leaf; raises `Invalid` for what the table cannot hold."""
    if len(entry.object_id) > OBJECT_ID_LENGTH:
        raise Invalid(
            f"The journal cannot hold the object id of “{entry.action}”: it is too long.",
            hint=f"Use at most {OBJECT_ID_LENGTH} characters; a digest stands for longer names.",
            where="object_id",
        )
    if any("\0" in text for text in (entry.object_id, *entry.details.values()) if isinstance(text, str)):
        raise Invalid(
            f"The journal cannot hold a null character in “{entry.action}”.",
            hint="Leave it out; PostgreSQL stores no such text.",
            where="details",
        )
    row = JournalEntry(
        at=entry.at,
        action=entry.action,
        outcome=entry.outcome,
        actor=entry.actor,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        space=entry.space,
        app=entry.app,
        run=entry.run,
        policies=list(entry.policies),
        details=dict(entry.details),
    )
    row.leaf = leaf_of(row)
    return row


def leaf_of(row: JournalEntry) -> str:
    """Return SHA-256 (hex) over the row's canonical bytes."""
    return hashlib.sha256(leaf_bytes(row)).hexdigest()


def leaf_bytes(row: JournalEntry) -> bytes:
    """Return RFC 8785 canonical bytes of every field but number and leaf.

    Raises `Invalid` for values that have none, such as integers beyond 2^53.
    """
    fields: dict[str, Any] = {
        "at": _instant(row.at),
        "action": row.action,
        "outcome": row.outcome,
        "actor": _text(row.actor),
        "object_kind": row.object_kind,
        "object_id": row.object_id,
        "space": _text(row.space),
        "app": _text(row.app),
        "run": _text(row.run),
        "policies": row.policies,
        "details": row.details,
    }
    try:
        return canonical_bytes(fields)
    except CanonicalizationError as error:
        raise Invalid(
            f"The journal cannot hold the details of “{row.action}”: {error}.",
            hint="Use text, yes or no, and whole numbers below 2^53.",
            where="details",
        ) from error


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
