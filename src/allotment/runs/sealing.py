"""Run content at rest: JSON, sealed and bound to the row it belongs to."""

from typing import Any
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault


def seal(value: Any, *, column: str, run: UUID) -> bytes:
    """Seal plain data for one column of one run."""
    return vault().seal(msgspec.json.encode(value), context=f"runs.{column}:{run}")


def unseal(sealed: bytes | memoryview, *, column: str, run: UUID) -> Any:
    """Open what `seal` made for the same column and run."""
    return msgspec.json.decode(vault().open(bytes(sealed), context=f"runs.{column}:{run}"))


def seal_bytes(value: bytes, *, column: str, run: UUID) -> bytes:
    """Seal a file for one column of one run."""
    return vault().seal(value, context=f"runs.{column}:{run}")


def unseal_bytes(sealed: bytes | memoryview, *, column: str, run: UUID) -> bytes:
    """Open what `seal_bytes` made."""
    return vault().open(bytes(sealed), context=f"runs.{column}:{run}")
