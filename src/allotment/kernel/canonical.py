"""Canonical bytes (RFC 8785, JSON Canonicalization Scheme) and digests over them.

Two definitions that mean the same have the same digest; approvals and journal entries bind to it.
"""

import hashlib
from typing import Any

import rfc8785


def canonical_bytes(value: Any) -> bytes:
    """Return RFC 8785 canonical JSON bytes of plain data (dict, list, str, int, float, bool, None)."""
    return bytes(rfc8785.dumps(value))


def digest(value: Any) -> str:
    """Return `sha256:<hex>` over the canonical bytes of plain data."""
    return "sha256:" + hashlib.sha256(canonical_bytes(value)).hexdigest()
