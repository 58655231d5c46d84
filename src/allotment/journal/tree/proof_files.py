"""Proofs as files (C2SP tlog-proof): number, inclusion proof and signed checkpoint in one small text.

Invariant: what is written reads back the same. The text in `extra` is not proved by anything; it is not kept here.
"""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

from allotment.journal.tree.hashing import HASH_BYTES
from allotment.kernel.errors import Invalid

_FIRST = "c2sp.org/tlog-proof@v1"
_MOST_HASHES = 64


@dataclass(frozen=True)
class ProofFile:
    """The content of a `.tlog-proof` file. `note` is the signed checkpoint, word for word."""

    number: int
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The file."""
        hashes = "".join(f"{b64encode(one).decode()}\n" for one in self.hashes)
        return f"{_FIRST}\nindex {self.number}\n{hashes}\n{self.note}"


def read_proof(text: str) -> ProofFile:
    """Read a `.tlog-proof` file; raises `Invalid`. Nothing is proved by reading it."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != _FIRST or not blank:
        raise _malformed("its first line or the checkpoint at its end is missing")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    number = lines.pop(0).removeprefix("index ") if lines else ""
    if not number.isascii() or not number.isdigit() or str(int(number)) != number:
        raise _malformed("its index is not a whole number")
    if len(lines) > _MOST_HASHES:
        raise _malformed("it has more hashes than any tree is high")
    return ProofFile(int(number), tuple(map(_hash, lines)), note)


def _hash(line: str) -> bytes:
    try:
        value = b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != HASH_BYTES or b64encode(value).decode() != line:
        raise _malformed("one of its hashes is not 32 bytes in base64")
    return value


def _malformed(why: str) -> Invalid:
    return Invalid(
        f"This is not a proof: {why}.",
        hint="Take the .tlog-proof file as it was written, with all its lines.",
        where="proof",
        code="malformed-proof",
    )
