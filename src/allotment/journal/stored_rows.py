"""The rows of the journal as they stand, for verifying: whatever somebody who rules the database put into them.

SQLite keeps a value of any type in any column, and text that is not UTF-8. What cannot be read as what it should be
comes as bytes or as None, for `walking.py` to tell. Invariant: no row keeps the others from being read. Pages are found
by number: none is moved by what is written meanwhile.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.models import BigIntegerField, BinaryField, IntegerField
from django.db.models.functions import Cast

from allotment.journal.models import JournalCheckpoint, JournalNode
from allotment.journal.tree.hashing import Node
from allotment.journal.walking import Claim, Row

LARGEST = 2**62
"""Beyond any number here. SQLite takes a text where a number belongs for larger."""
_CHUNK = 16_384
_PAGE = 500
_ROWS = (
    "SELECT leaf.number, {hash}, {body}, entry.ticket FROM journal_leaf leaf LEFT JOIN journal_entry entry"
    " ON entry.ticket = leaf.entry WHERE leaf.number >= %s ORDER BY leaf.number LIMIT %s"
)
"""By hand, because models join along foreign keys only, and their rows cost as much as all hashing here."""
_PLAIN_ROWS = _ROWS.format(hash="leaf.hash", body="entry.body")
_ROWS_AS_BYTES = _ROWS.format(hash="CAST(leaf.hash AS BLOB)", body="CAST(entry.body AS BLOB)")


def rows(first: int, end: int) -> Iterator[Sequence[Row]]:
    """Yield the entries from `first` up to, not including, `end`, in pages."""
    while first < end:
        found = _page(first, min(_CHUNK, end - first))
        if not found:
            return
        yield found
        first = found[-1][0] + 1


def claims(since: int) -> Iterator[Claim]:
    """Yield the checkpoints over `since` entries and more."""
    stored = JournalCheckpoint.objects.filter(size__lte=LARGEST).order_by("size")
    columns: Sequence[Any] = ("size", "note", "at")
    if _is_sqlite():
        columns = ("size", Cast("note", BinaryField()), Cast("at", BinaryField()))
    page = list(stored.filter(size__gte=since).values_list(*columns)[:_PAGE])
    while page:
        yield from (Claim(size, _moment(at), _note(note)) for size, note, at in page)
        page = list(stored.filter(size__gt=page[-1][0]).values_list(*columns)[:_PAGE])


def nodes() -> Iterator[Node]:
    """Yield the roots of complete subtrees."""
    columns = (
        Cast("level", IntegerField()),
        Cast("index", BigIntegerField()),
        Cast("hash", BinaryField()),
    )
    stored = JournalNode.objects.order_by("level", "index").values_list(*columns)
    for level, index, stored_hash in stored.iterator(_CHUNK):
        yield Node(level, index, bytes(stored_hash or b""))


def _page(first: int, most: int) -> Sequence[Row]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        try:
            cursor.execute(_PLAIN_ROWS, [first, most])
            return cursor.fetchall()  # type: ignore[no-any-return]
        except OperationalError:  # a text that is not UTF-8
            if not _is_sqlite():
                raise
        cursor.execute(_ROWS_AS_BYTES, [first, most])
        return [(number, stored, _text(body), ticket) for number, stored, body, ticket in cursor.fetchall()]


def _text(body: bytes | None) -> Any:
    """Return the text, or the bytes that are none."""
    try:
        return body if body is None else body.decode()
    except UnicodeDecodeError:
        return body


def _note(note: str | bytes) -> str:
    return note if isinstance(note, str) else bytes(note).decode(errors="replace")


def _moment(at: datetime | bytes | None) -> datetime | None:
    if at is None or isinstance(at, datetime):
        return at
    try:
        found = datetime.fromisoformat(bytes(at).decode())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _is_sqlite() -> bool:
    return connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
