"""The sealed forms of values.

0x02: version byte, 16-byte id of the data key, 12-byte nonce, AES-256-GCM ciphertext with tag; version and id are
authenticated with the context. 0x01, of earlier installations: version byte, 4-byte id of a master key, nonce,
ciphertext; opened, never made.
Invariant: the `context` (table, column, row id) is authenticated, so a value copied to another row is refused.
Refuses: returning anything for a value that does not verify.
"""

import os
from functools import cache
from uuid import UUID

from cryptography.exceptions import InvalidTag

from allotment.kernel.crypto.data_keys import KEY_ID_BYTES, DataKey, DataKeys, kept_keys
from allotment.kernel.crypto.master_keys import SHORT_ID_BYTES
from allotment.kernel.errors import Unavailable

_VERSION = b"\x02"
_OLD_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_BYTES = 1 + KEY_ID_BYTES
_OLD_HEADER_BYTES = 1 + SHORT_ID_BYTES


class Vault:
    """Seals and opens short values (up to a few MB) under data keys."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def seal(self, value: bytes, *, context: str, subject: UUID | None = None) -> bytes:
        """Return the sealed form of `value`, bound to `context`, under the key of the person `subject`.

        Seal in the transaction that stores the result: a person's first key becomes durable with it.
        Raises `Erased` when the key of `subject` was destroyed.
        """
        key = self._keys.current(subject)
        header = _VERSION + key.id
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + key.cipher.encrypt(nonce, value, header + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Return what was sealed.

        Raises `Erased` when its key was destroyed, and `Unavailable` when key, context or bytes do not match.
        """
        header = header_of(sealed)
        start = len(header) + _NONCE_BYTES
        key = self._keys.find(header[1:])
        bound = context.encode() if header[:1] == _OLD_VERSION else header + context.encode()
        return _decrypt(key, sealed[len(header) : start], sealed[start:], bound)


def header_of(sealed: bytes) -> bytes:
    """Return version and key id; raises `Unavailable` for what was never sealed."""
    length = _HEADER_BYTES if sealed[:1] == _VERSION else _OLD_HEADER_BYTES
    if sealed[:1] not in (_VERSION, _OLD_VERSION) or len(sealed) < length + _NONCE_BYTES + _TAG_BYTES:
        raise Unavailable("A stored value is damaged.", hint="Restore the database from your backup.")
    return sealed[:length]


def key_id_of(sealed: bytes) -> bytes:
    """Return the id of the key that sealed a value: 16 bytes, or 4 for the old form."""
    return header_of(sealed)[1:]


def _decrypt(key: DataKey, nonce: bytes, ciphertext: bytes, bound: bytes) -> bytes:
    try:
        return key.cipher.decrypt(nonce, ciphertext, bound)
    except InvalidTag as error:
        raise Unavailable(
            "A stored value does not verify: it was changed or moved.",
            hint="Restore the database from your backup and look at the journal.",
        ) from error


@cache
def vault() -> Vault:
    """Return the vault of this installation."""
    return Vault(kept_keys())
