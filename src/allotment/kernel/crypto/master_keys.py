"""Master keys: what wraps data keys. A local one is 32 bytes in memory; others never leave where they live.

Invariant: a wrapped key is bound to the id of the data key, so wrapped keys cannot be exchanged for each other.
Refuses: returning anything for a wrapped key that does not verify.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allotment.kernel.crypto.data_keys import KEY_BYTES, DataKey
from allotment.kernel.errors import Misconfigured, Unavailable

SHORT_ID_BYTES = 4
"""How values that a master key sealed itself name it (sealed form 0x01): the first bytes of its SHA-256."""
_NONCE_BYTES = 12
_PURPOSE = b"allotment data key "


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it may be stored: unreadable without the master key called `master`."""

    master: str
    content: bytes


class MasterKey(Protocol):
    """Wraps and unwraps data keys. `key_id` is the id of the data key, to which the result is bound."""

    def newest(self) -> str:
        """Return the name under which it wraps now. Raises `Unavailable` when it cannot be reached."""
        ...

    def can_unwrap(self, master: str) -> bool:
        """Whether keys wrapped under this name can be unwrapped here."""
        ...

    def wrap(self, key: bytes, *, key_id: bytes) -> Wrapped:
        """Return `key` wrapped under the newest name."""
        ...

    def unwrap(self, wrapped: Wrapped, *, key_id: bytes) -> bytes:
        """Return the data key; raises `Unavailable` when it does not verify."""
        ...

    def renew(self, wrapped: Wrapped, *, key_id: bytes) -> Wrapped:
        """Return what it wrapped itself under an earlier name, wrapped under the newest."""
        ...


class RotatingMasterKey(MasterKey, Protocol):
    """A master key that can renew itself where it lives."""

    def rotate(self) -> None:
        """Begin a new version. What earlier versions wrapped can still be unwrapped."""
        ...


class LocalMasterKey:
    """A master key of 32 bytes that this process holds."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Misconfigured(
                f"The master key has {len(key)} bytes, but {KEY_BYTES} are needed.",
                hint="Restore it from your backup.",
            )
        self._key = key
        self._cipher = AESGCM(key)
        self.short_id = hashlib.sha256(key).digest()[:SHORT_ID_BYTES]
        self.name = self.short_id.hex()

    def newest(self) -> str:
        """Return its one name."""
        return self.name

    def can_unwrap(self, master: str) -> bool:
        """Whether `master` names this key."""
        return master == self.name

    def wrap(self, key: bytes, *, key_id: bytes) -> Wrapped:
        """Return nonce and AES-256-GCM ciphertext of `key`."""
        nonce = os.urandom(_NONCE_BYTES)
        return Wrapped(self.name, nonce + self._cipher.encrypt(nonce, key, _PURPOSE + key_id))

    def unwrap(self, wrapped: Wrapped, *, key_id: bytes) -> bytes:
        """Return the data key; raises `Unavailable` when it does not verify."""
        nonce, sealed = wrapped.content[:_NONCE_BYTES], wrapped.content[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, _PURPOSE + key_id)
        except (InvalidTag, ValueError) as error:
            raise damaged() from error

    def renew(self, wrapped: Wrapped, *, key_id: bytes) -> Wrapped:
        """Return it unchanged: this key has one name only."""
        del key_id
        return wrapped

    def as_data_key(self) -> DataKey:
        """Return itself as the key of values it sealed before there were data keys."""
        return DataKey(self.short_id, self._cipher)

    def wrapped_under(self, successor: MasterKey, *, key_id: bytes) -> Wrapped:
        """Return this key wrapped under its successor, so that what it protects stays readable."""
        return successor.wrap(self._key, key_id=key_id)


def damaged() -> Unavailable:
    """Return the error for a wrapped key that does not verify."""
    return Unavailable(
        "A stored encryption key does not verify: it was changed or exchanged.",
        hint="Restore the database from your backup and look at the journal.",
        code="key-damaged",
    )
