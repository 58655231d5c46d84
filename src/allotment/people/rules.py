"""Pure rules about accounts."""

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from allotment.engine.principals import Role

LINK_LIFETIME = timedelta(days=7)
"""How long a set-up link can be used, once."""

FIRST_ROLES = (Role.ADMINISTRATOR, Role.MAKER, Role.STEWARD, Role.OFFICER)
"""What the first administrator gets, so that a team of one can work: people, apps, templates and models."""


ERASED_DOMAIN = "erased.invalid"
"""Where nobody has an address (RFC 6761 §6.4)."""


def erased_email(person_id: UUID) -> str:
    """Return the address that stands for somebody erased."""
    return f"{person_id.hex}@{ERASED_DOMAIN}"


def is_erased_email(email: str) -> bool:
    """Whether an address stands for somebody erased."""
    return email.endswith(f"@{ERASED_DOMAIN}")


def digest_of(secret: str) -> str:
    """Return SHA-256 (hex) of a set-up secret. It has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_digest_of(digest: str, secret: str) -> bool:
    """Whether `digest` belongs to `secret`, compared in constant time."""
    return hmac.compare_digest(digest, digest_of(secret))
