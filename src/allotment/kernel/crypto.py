"""Authenticated encryption of values at rest: AES-256-GCM under a master key kept outside the database.

Sealed form: version byte 0x01, 4-byte key id (first bytes of SHA-256 of the key), 12-byte nonce, ciphertext
with tag. The `context` (table, column, row id) is authenticated, so a value copied to another row is refused.
Refuses: returning anything for a value that does not verify.
"""

import hashlib
import os
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allotment.kernel.errors import Misconfigured, Unavailable
from allotment.kernel.settings import keep_once, settings

_VERSION = b"\x01"
_KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + _ID_BYTES + _NONCE_BYTES


class Vault:
    """Seals and opens short values (up to a few MB) under one master key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise Misconfigured(
                f"The master key has {len(key)} bytes, but 32 are needed.",
                hint="Restore master.key from your backup.",
            )
        self._aead = AESGCM(key)
        self.key_id = hashlib.sha256(key).digest()[:_ID_BYTES]

    def seal(self, value: bytes, *, context: str) -> bytes:
        """Return the sealed form of `value`, bound to `context`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + self.key_id + nonce + self._aead.encrypt(nonce, value, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Return what was sealed; raises `Unavailable` when key, context or bytes do not match."""
        if len(sealed) < _HEADER_BYTES or sealed[:1] != _VERSION:
            raise Unavailable("A stored value is damaged.", hint="Restore the database from your backup.")
        if sealed[1 : 1 + _ID_BYTES] != self.key_id:
            raise Unavailable(
                "A stored value was encrypted with another master key.",
                hint="Put the master.key of this database back in its place.",
            )
        nonce = sealed[1 + _ID_BYTES : _HEADER_BYTES]
        try:
            return self._aead.decrypt(nonce, sealed[_HEADER_BYTES:], context.encode())
        except InvalidTag as error:
            raise Unavailable(
                "A stored value does not verify: it was changed or moved.",
                hint="Restore the database from your backup and look at the journal.",
            ) from error


def read_or_make_key(path: Path) -> bytes:
    """Return the master key at `path`; make it with mode 0600 on first use."""
    if not path.exists():
        keep_once(path, os.urandom(_KEY_BYTES))
    return path.read_bytes()


@cache
def vault() -> Vault:
    """Return the vault of this installation."""
    return Vault(read_or_make_key(settings().master_key_file))
