"""What screening found and what was done about it: values that the gate, pages and journal share."""

from enum import StrEnum
from typing import Literal

import msgspec

Treatment = Literal["allow", "mask", "block"]


class Detected(StrEnum):
    """Kinds of things the built-in screening finds."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "payment card"
    NATIONAL_ID = "national id"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret


class Finding(msgspec.Struct, frozen=True):
    """One thing found in a text: characters `start` to `end` (end exclusive)."""

    kind: Detected
    start: int
    end: int
    detector: str
    """Which rule found it, e.g. `iban-mod97`."""
    certain: bool
    """True when a check digit or issuer format proves it; False when it only looks like one."""
