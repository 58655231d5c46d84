"""Data keys: the AES-256 keys that seal values, and the port through which they are found.

Invariant: a key's id is stored with every value it seals, so any number of keys may be in use at once.
"""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allotment.kernel.errors import Unavailable

KEY_BYTES = 32
KEY_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped key, ready for use. Its bytes are not kept beside the cipher."""

    id: bytes
    cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, key_id: bytes, key: bytes) -> "DataKey":
        """Return the key with these bytes."""
        return cls(key_id, AESGCM(key))


class DataKeys(Protocol):
    """Finds data keys. Implementations may read a database: never call them on an event loop."""

    def current(self, subject: UUID | None) -> DataKey:
        """Return the key that seals values about `subject` (None: about nobody in particular) from now on.

        Raises `Erased` when this person's key was destroyed.
        """
        ...

    def find(self, key_id: bytes) -> DataKey:
        """Return the key with this id: 16 bytes, or the 4 bytes of a master key that once sealed values itself.

        Raises `Erased` when it was destroyed, and `Unavailable` when it or its master key is not here.
        """
        ...


_kept: DataKeys | None = None


def keep_keys_with(keys: DataKeys) -> None:
    """Let the vault find its keys through `keys`."""
    global _kept  # noqa: PLW0603 - the one switch of this module
    _kept = keys


def kept_keys() -> DataKeys:
    """Return where data keys are kept; raises `Unavailable` before `keep_keys_with`."""
    if _kept is None:
        raise Unavailable("Nothing can be sealed or opened yet.", hint="Start the features first.")
    return _kept
