"""The content of a record at rest: names and texts as JSON, sealed, bound to the record."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault

_DECODER = msgspec.json.Decoder(dict[str, str])


def seal(values: Mapping[str, str], record: UUID) -> bytes:
    """Seal what a record holds."""
    return vault().seal(msgspec.json.encode(dict(values)), context=_context(record))


def unseal(sealed: bytes | memoryview, record: UUID) -> dict[str, str]:
    """Open what `seal` made for the same record."""
    return _DECODER.decode(vault().open(bytes(sealed), context=_context(record)))


def _context(record: UUID) -> str:
    return f"records.content:{record}"
