"""Keeping data keys in the database: found by id, made when first needed, remembered unwrapped for a while.

Invariant: only a key whose row is committed is remembered as the one to seal with. A key made in a transaction is
read back from it until then, so a value never names a key that a rollback took away. No second connection is
involved, which on SQLite would wait for the first for ever.
A key destroyed elsewhere is noticed within `FRESH_SECONDS`, here at once.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from allotment.kernel.crypto import DataKey, LocalMasterKey
from allotment.kernel.crypto.data_keys import KEY_BYTES
from allotment.kernel.crypto.master_keys import SHORT_ID_BYTES
from allotment.kernel.errors import Erased, Unavailable
from allotment.kernel.ids import new_id
from allotment.keys import masters
from allotment.keys.models import DataKeyRow, Kind

FRESH_SECONDS = 1.0
"""How long a key is used without another look at its row."""
MOST_REMEMBERED = 10_000
Name = TypeVar("Name")
_FORMER_MASTER_PADDING = bytes(16 - SHORT_ID_BYTES)


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: DataKey
    subject: UUID | None
    fresh_until: float


class StoredDataKeys:
    """Implements `kernel.crypto.DataKeys` on the table `keys_datakey`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: dict[UUID | None, _Remembered] = {}
        self._by_id: dict[bytes, _Remembered] = {}

    def current(self, subject: UUID | None) -> DataKey:
        """Return the key to seal with, made now if there is none; raises `Erased` for somebody erased."""
        known = self._current.get(subject)
        if known is not None and time.monotonic() < known.fresh_until:
            return known.key
        row = _current_row(subject) or _make(subject)
        found = self._remember(row)
        transaction.on_commit(partial(self._seal_with, subject, found))
        return found.key

    def find(self, key_id: bytes) -> DataKey:
        """Return the key with this id; raises `Erased` or `Unavailable`."""
        known = self._by_id.get(key_id)
        if known is not None and time.monotonic() < known.fresh_until:
            return known.key
        if len(key_id) == SHORT_ID_BYTES:
            return self._find_master(key_id)
        row = DataKeyRow.objects.filter(id=UUID(bytes=key_id)).exclude(kind=Kind.FORMER_MASTER).first()
        if row is None:
            raise Unavailable(
                "A stored value names an encryption key that this database does not hold.",
                hint="Restore the database as a whole from your backup.",
                code="key-missing",
            )
        return self._remember(row).key

    def forget(self, subject: UUID) -> None:
        """Stop using this person's key in this process."""
        with self._lock:
            self._current.pop(subject, None)
            for key_id in [one for one, known in self._by_id.items() if known.subject == subject]:
                del self._by_id[key_id]

    def forget_all(self) -> None:
        """Read every key anew from here on."""
        with self._lock:
            self._current.clear()
            self._by_id.clear()

    def _remember(self, row: DataKeyRow) -> _Remembered:
        """Return the unwrapped key of a row as just read, without unwrapping again what is known."""
        fresh_until = time.monotonic() + FRESH_SECONDS
        if row.destroyed_at is not None:
            if row.subject is not None:
                self.forget(row.subject)
            raise erased()
        known = self._by_id.get(row.id.bytes)
        key = known.key if known is not None else data_key(row)
        found = _Remembered(key, row.subject, fresh_until)
        self._put(self._by_id, key.id, found)
        return found

    def _seal_with(self, subject: UUID | None, found: _Remembered) -> None:
        self._put(self._current, subject, found)

    def _put(self, remembered: dict[Name, _Remembered], name: Name, found: _Remembered) -> None:
        with self._lock:
            if name not in remembered and len(remembered) >= MOST_REMEMBERED:
                del remembered[next(iter(remembered))]
            remembered[name] = found

    def _find_master(self, short_id: bytes) -> DataKey:
        """Return the master key that sealed a value of the old form itself."""
        key = _local(short_id, masters.masters()) or _former(short_id) or _local(short_id, masters.reread())
        if key is None:
            raise Unavailable(
                f"The master key {short_id.hex()} is needed, and {masters.masters().place} holds another one.",
                hint="Put the master.key of this database back in its place.",
                code="master-key",
            )
        self._put(self._by_id, short_id, _Remembered(key, None, time.monotonic() + FRESH_SECONDS))
        return key


stored_keys = StoredDataKeys()
"""The data keys of this process."""


def erased() -> Erased:
    """Return the error for what was about somebody whose key is destroyed."""
    return Erased(
        "This was erased on request, because it was about a person who asked for that.",
        hint="Nobody can bring it back. The journal still shows what was done, without what it said.",
    )


def data_key(row: DataKeyRow) -> DataKey:
    """Return the unwrapped key of a row."""
    return DataKey.of(row.id.bytes, masters.unwrap(row))


def former_master_id(short_id: bytes) -> UUID:
    """Return the row id under which an earlier master key is kept."""
    return UUID(bytes=short_id + _FORMER_MASTER_PADDING)


def make_general() -> DataKeyRow:
    """Store a new general key; raises `IntegrityError` while another one is in use."""
    return _store(None)


def _current_row(subject: UUID | None) -> DataKeyRow | None:
    if subject is None:
        return DataKeyRow.objects.filter(kind=Kind.GENERAL, retired_at=None).first()
    return DataKeyRow.objects.filter(kind=Kind.PERSON, subject=subject).first()


def _make(subject: UUID | None) -> DataKeyRow:
    """Store a new key, or return the one that somebody else stored meanwhile."""
    try:
        with transaction.atomic():
            return _store(subject)
    except IntegrityError as error:
        row = _current_row(subject)
        if row is None:
            raise Unavailable(
                "An encryption key could not be made.", hint="Try again in a moment.", code="key-missing"
            ) from error
        return row


def _store(subject: UUID | None) -> DataKeyRow:
    key_id = new_id()
    # Read again: a key must not be wrapped by a master key that was replaced a moment ago.
    wrapped = masters.reread().current.wrap(secrets.token_bytes(KEY_BYTES), key_id=key_id.bytes)
    return DataKeyRow.objects.create(
        id=key_id,
        kind=Kind.GENERAL if subject is None else Kind.PERSON,
        subject=subject,
        wrapped=wrapped.content,
        master=wrapped.master,
    )


def _local(short_id: bytes, known: masters.Masters) -> DataKey | None:
    return next((key.as_data_key() for key in known.local if key.short_id == short_id), None)


def _former(short_id: bytes) -> DataKey | None:
    row = DataKeyRow.objects.filter(id=former_master_id(short_id), kind=Kind.FORMER_MASTER).first()
    return None if row is None else LocalMasterKey(masters.unwrap(row)).as_data_key()
