"""The content of a record at rest: names and texts as JSON, sealed under the key of the person whose run saved it.

Invariant: bound to its record. What is about somebody erased is stored as nothing, and opening it, like anything
sealed before, raises `Erased`.
"""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.keeping import erased

NOTHING = b""
_DECODER = msgspec.json.Decoder(dict[str, str])


def seal(values: Mapping[str, str], record: UUID, person: UUID) -> bytes:
    """Seal what a record holds, for the person whose run saved it."""
    with suppress(Erased):
        return vault().seal(msgspec.json.encode(dict(values)), context=_context(record), subject=person)
    return NOTHING


def unseal(sealed: bytes | memoryview, record: UUID) -> dict[str, str]:
    """Open what `seal` made for the same record; raises `Erased` for somebody erased."""
    if sealed == NOTHING:
        raise erased()
    return _DECODER.decode(vault().open(bytes(sealed), context=_context(record)))


def _context(record: UUID) -> str:
    return f"records.content:{record}"
