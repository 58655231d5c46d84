"""Reading a master key as it is written down: 32 raw bytes, 64 hexadecimal digits, or base64.

Refuses: anything else, by name of the place it was read from and without showing it.
"""

import base64
import binascii

from allotment.kernel.crypto import LocalMasterKey
from allotment.kernel.errors import Misconfigured

_RAW_LENGTH = 32
_HEX_LENGTH = 64


def key_in(content: bytes, place: str) -> LocalMasterKey:
    """Return the master key that `content` writes down; `place` is named when it is none."""
    return LocalMasterKey(_raw(content, place))


def _raw(content: bytes, place: str) -> bytes:
    if len(content) == _RAW_LENGTH:
        return content
    text = content.strip()
    try:
        key = bytes.fromhex(text.decode("ascii")) if len(text) == _HEX_LENGTH else _from_base64(text)
    except (ValueError, binascii.Error):  # UnicodeDecodeError is a ValueError
        key = b""
    if len(key) != _RAW_LENGTH:
        raise Misconfigured(
            f"The master key in {place} cannot be used: it has {len(content)} bytes.",
            hint="It must hold 32 bytes, as they are or written as hex or base64. Restore it from your backup.",
            code="master-key",
        )
    return key


def _from_base64(text: bytes) -> bytes:
    padded = text + b"=" * (-len(text) % 4)
    return base64.b64decode(padded.replace(b"-", b"+").replace(b"_", b"/"), validate=True)
