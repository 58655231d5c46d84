"""Sealing the secret fields of a connection.

Invariant: a sealed value opens only for the row it was sealed for. Refuses: nothing else reads secrets.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Unavailable


def seal(connection_id: UUID, secrets: Mapping[str, str]) -> bytes:
    """Return the sealed form of `secrets`; empty when there are none."""
    if not secrets:
        return b""
    return vault().seal(msgspec.json.encode(secrets), context=_context(connection_id))


def unseal(connection_id: UUID, sealed: bytes | memoryview) -> dict[str, str]:
    """Return the secrets of a connection; raises `Unavailable` when they do not verify."""
    if not sealed:
        return {}
    opened = vault().open(bytes(sealed), context=_context(connection_id))
    try:
        return msgspec.json.decode(opened, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise Unavailable(
            "The credential of a connection is damaged.", hint="Type its key again on the models page."
        ) from error


def _context(connection_id: UUID) -> str:
    return f"llms_connection.sealed_secrets:{connection_id}"
