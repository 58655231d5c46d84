"""What the entry of a key change says: which key follows, and what the journal gives up where it begins again.

Invariant: a beginning anew is told by the new key itself, in a signature over what is given up. A row without it, as
anybody can write one who rules the database, gives up nothing.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass

import msgspec

from allotment.journal.tree.checkpoints import Checkpoint
from allotment.journal.tree.keyrings import ROTATE, successor
from allotment.journal.tree.notes import Signer, Verifier
from allotment.kernel.errors import Invalid

_HEADING = "allotment begins a journal again\n"
"""No checkpoint and no timed signature begins with it, so that none of them is ever taken for the other."""


@dataclass(frozen=True)
class GivenUp:
    """What is left behind, and the key that says so."""

    origin: str
    by: Verifier


class _Acting(msgspec.Struct, frozen=True):
    action: str


class _Beginning(msgspec.Struct, frozen=True):
    vkey: str
    abandoned: str
    abandoned_size: int
    abandoned_root: str
    signature: str


class _Entry(msgspec.Struct, frozen=True):
    action: str
    details: _Beginning


_acting = msgspec.json.Decoder(_Acting).decode
_beginning = msgspec.json.Decoder(_Entry).decode


def handover(body: str) -> Verifier | None:
    """Return the key that an entry hands over to; None for any other entry. Raises `Invalid` where it is not clear."""
    if ROTATE not in body and "\\u" not in body:  # however the text is written, the name must stand in it
        return None
    try:
        is_handover = _acting(body).action == ROTATE
    except msgspec.DecodeError as error:
        raise Invalid(
            "The text of this entry cannot be read.",
            hint="Take the entry as the journal wrote it.",
            where="body",
        ) from error
    return successor(body) if is_handover else None


def giving_up(old: Checkpoint, to: Signer) -> dict[str, str | int]:
    """Return the details by which the key `to` says that it begins again after `old`."""
    return {
        "abandoned": old.origin,
        "abandoned_size": old.size,
        "abandoned_root": old.root.hex(),
        "signature": b64encode(to.sign(_HEADING + old.text)).decode(),
    }


def given_up(body: str) -> GivenUp | None:
    """Return what an entry gives up; None if it gives up nothing, or its key did not say so."""
    try:
        told = _beginning(body)
        key = Verifier.parse(told.details.vkey)
        root = bytes.fromhex(told.details.abandoned_root)
        old = Checkpoint(told.details.abandoned, told.details.abandoned_size, root)
        signature = b64decode(told.details.signature, validate=True)
    except (msgspec.DecodeError, Invalid, ValueError):
        return None
    is_said = told.action == ROTATE and key.verify(_HEADING + old.text, signature) is not None
    return GivenUp(old.origin, key) if is_said and key.name != old.origin else None
