"""Run content at rest: JSON, sealed under the key of the person who started the run, bound to its row.

Invariant: what is about somebody erased is stored as nothing, and opening it, like anything sealed before, raises
`Erased`.
"""

from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault
from allotment.kernel.errors import Erased
from allotment.keys.keeping import erased

_NOTHING = b""


def seal(value: Any, *, column: str, run: UUID, person: UUID) -> bytes:
    """Seal plain data for one column of one run."""
    return seal_bytes(msgspec.json.encode(value), column=column, run=run, person=person)


def unseal(sealed: bytes | memoryview, *, column: str, run: UUID) -> Any:
    """Open what `seal` made for the same column and run; raises `Erased` for somebody erased."""
    return msgspec.json.decode(unseal_bytes(sealed, column=column, run=run))


def seal_bytes(value: bytes, *, column: str, run: UUID, person: UUID) -> bytes:
    """Seal a file for one column of one run."""
    with suppress(Erased):
        return vault().seal(value, context=_context(column, run), subject=person)
    return _NOTHING


def unseal_bytes(sealed: bytes | memoryview, *, column: str, run: UUID) -> bytes:
    """Open what `seal_bytes` made; raises `Erased` for somebody erased."""
    if sealed == _NOTHING:
        raise erased()
    return vault().open(bytes(sealed), context=_context(column, run))


def _context(column: str, run: UUID) -> str:
    return f"runs.{column}:{run}"
