"""Recording an action in the transaction that performs it: both are on disk, or neither is.

Invariant: what is proved is exactly what is stored, and every field of the entry is in it.
Refuses: details that are not plain scalars, and an entry that is there already.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import msgspec
from django.db import Error, IntegrityError, transaction
from django.utils.translation import gettext

from allotment.engine.gate.defects import DEFECTS, words
from allotment.engine.recording import Also, Entry, NotKept, Outcome, Personal, Scalar
from allotment.journal.bodies import body_of
from allotment.journal.changes import change_of, tell
from allotment.journal.inserting import append_changes, append_entries
from allotment.journal.models import JournalEntry
from allotment.journal.personal import Salted, commitments, keep, salted
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Conflict, Unavailable

Write = Callable[[Sequence[tuple[Any, int]]], None]
"""See `engine.recording.Also`."""

_marks: ContextVar[dict[str, Scalar] | None] = ContextVar("marks", default=None)
_policy_version: Callable[[], str] = str


def stamp_policies_with(version: Callable[[], str]) -> None:
    """Let `version` give the version of the policies in force, which every entry carries."""
    global _policy_version  # noqa: PLW0603 - the one switch of this module
    _policy_version = version


def policy_version() -> str:
    """Return the version of the policies in force; empty before there are any."""
    return _policy_version()


@contextmanager
def marking(**details: Scalar) -> Iterator[None]:
    """Add these details to every entry noted in the block, so that invented ones can always be told apart."""
    token = _marks.set({**(_marks.get() or {}), **details})
    try:
        yield
    finally:
        _marks.reset(token)


def record(entry: Entry) -> int:
    """Append `entry` in the current transaction and return its ticket.

    Raises `Invalid` for what the journal cannot hold, `Conflict` (“replayed”) if its id is there already.
    """
    return record_all([entry])[0]


def record_all(entries: Sequence[Entry]) -> Sequence[int]:
    """Append many entries at once and return their tickets, which ascend. Raises like `record`."""
    version = policy_version()
    prepared = [prepare(entry, version) for entry in entries]
    try:
        with transaction.atomic():
            return append(prepared)
    except IntegrityError as error:
        for entry in entries:
            refuse_replayed(entry, error)
        raise


class Prepared(msgspec.Struct, frozen=True):
    """All that one entry adds to the tables."""

    entry: Entry
    body: str
    personal: tuple[Salted, ...]
    also: Also | None = None


def prepare(entry: Entry, version: str, also: Also | None = None) -> Prepared:
    """Return what `entry` adds under that version of the policies; raises `Invalid`. Touches no database."""
    said = salted(entry) if entry.personal else ()
    return Prepared(entry, body_of(entry, version, commitments(said)), said, also)


def append(group: Sequence[Prepared]) -> Sequence[int]:
    """Append a group in the current transaction and return the tickets, in its order.

    Raises `IntegrityError` if one of them is there already, `NotKept` if what belongs to one cannot be written.
    """
    if not group:
        return ()
    tickets = append_entries([one.body for one in group])
    if changes := [change for one in group if (change := change_of(one.entry))]:
        append_changes(changes)
        transaction.on_commit(tell)
    keep(value for one in group for value in one.personal)
    together: dict[Write, list[tuple[Any, int]]] = {}
    for one, ticket in zip(group, tickets, strict=True):
        if one.also is not None:
            together.setdefault(one.also.write, []).append((one.also.what, ticket))
    for write, items in together.items():
        _write_also(write, items)
    return tickets


def _write_also(write: Write, items: Sequence[tuple[Any, int]]) -> None:
    try:
        write(items)
    except AllotmentError as error:
        may_pass = isinstance(error, Unavailable)
        raise NotKept(error.message, hint=error.hint, retryable=may_pass) from error
    except (Error, *DEFECTS) as error:
        raise NotKept(
            gettext("The answer could not be kept, so it was not recorded as given either."),
            hint=gettext("Try again in a moment, or tell an administrator. It ended with: %(problem)s.")
            % {"problem": words(error)},
            retryable=True,
        ) from error


def refuse_replayed(entry: Entry, cause: Exception) -> None:
    """Raise `Conflict` if an entry with this id is in the journal."""
    if JournalEntry.objects.filter(id=entry.id).exists():
        raise Conflict(
            f"The entry {entry.id} about “{entry.action}” is in the journal already.",
            hint="Nothing needs to be done: an entry is never written twice.",
            code="replayed",
        ) from cause


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
    approver: UUID | None = None,
    personal: Mapping[str, Personal] | None = None,
    flagged: bool = False,
    **details: Scalar,
) -> int:
    """Append what was just done, at the current time, and return its ticket.

    `details` hold names, numbers and digests of things; never what a person wrote. What says something about
    a person goes into `personal`, of which the entry keeps a salted commitment.
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
            approver=approver,
            details={**details, **(_marks.get() or {})},
            personal=personal or {},
            flagged=flagged,
        )
    )
