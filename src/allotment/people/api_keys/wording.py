"""The text of a key: `allot-<12 public characters>-<43 secret characters>`. Pure.

Invariant: the public part finds a key and proves nothing; the secret part has 256 random bits, so that a plain SHA-256
keeps it. Comparing takes the same time whether it fits or not.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

PUBLIC_LENGTH = 12
_PUBLIC_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SECRET_BYTES = 32
_KEY = re.compile(r"allot-([a-z0-9]{12})-([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class KeyText:
    """A key taken apart."""

    public: str
    secret: str

    def __str__(self) -> str:
        return f"allot-{self.public}-{self.secret}"

    def __repr__(self) -> str:
        """Leave the secret out of whatever prints this."""
        return f"KeyText({self.public!r}, …)"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret part: what is stored."""
        return hashlib.sha256(self.secret.encode()).digest()

    def fits(self, digest: bytes) -> bool:
        """Whether `digest` is that of the secret part, compared in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_text() -> KeyText:
    """Return a key nobody has."""
    public = "".join(secrets.choice(_PUBLIC_ALPHABET) for _ in range(PUBLIC_LENGTH))
    return KeyText(public, secrets.token_urlsafe(_SECRET_BYTES))


def read(text: str) -> KeyText | None:
    """Return the parts of a key, or None for anything that is none."""
    match = _KEY.fullmatch(text)
    return KeyText(match[1], match[2]) if match else None
