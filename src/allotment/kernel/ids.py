"""Identifiers and randomness. UUID version 7 (RFC 9562 §5.7): sortable by time, so indexes stay compact."""

import os
import secrets
import time
import uuid

_RANDOM_BYTES = 10
_POOL_IDS = 256
_pool: list[bytes] = []
"""Randomness for ids to come, fetched for many at once: each fetch lets other threads run before it returns."""
os.register_at_fork(after_in_child=_pool.clear)


def _random_bytes() -> bytes:
    try:
        return _pool.pop()
    except IndexError:
        fetched = os.urandom(_RANDOM_BYTES * _POOL_IDS)
        _pool.extend(fetched[at : at + _RANDOM_BYTES] for at in range(0, len(fetched), _RANDOM_BYTES))
        return os.urandom(_RANDOM_BYTES)


def new_id() -> uuid.UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    random = int.from_bytes(_random_bytes())
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & (2**62 - 1)
    return uuid.UUID(int=value)


def new_secret() -> str:
    """Return a URL-safe secret of 256 random bits."""
    return secrets.token_urlsafe(32)
