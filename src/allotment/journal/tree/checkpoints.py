"""Checkpoints (C2SP tlog-checkpoint): the size and the root of a tree, signed with the time.

Invariant: each key signs a checkpoint twice, plainly and with the time, so that common tools read it and its time
cannot be changed.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from allotment.journal.tree.hashing import HASH_BYTES
from allotment.journal.tree.notes import PLAIN, TIMESTAMPED, Signer, Verifier, open_note, sign_note
from allotment.kernel.errors import Invalid

_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """What a journal states about itself: `root` is the root of its first `size` entries."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a checkpoint; raises `Invalid`. Lines after the third are not understood, so refused."""
        lines = text.split("\n")
        if len(lines) != _LINES + 1 or lines.pop():
            raise _malformed("it has three lines: origin, size and root")
        origin, size, root = lines
        try:
            checkpoint = cls(origin, int(size), b64decode(root, validate=True))
        except ValueError:
            raise _malformed("its size or its root cannot be read") from None
        if not origin or checkpoint.text != text or checkpoint.size < 0 or len(checkpoint.root) != HASH_BYTES:
            raise _malformed("its size or its root is not written as the specification wants it")
        return checkpoint


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint that known keys signed."""

    checkpoint: Checkpoint
    signed_by: tuple[Verifier, ...]
    """The plain forms of the keys that signed both plainly and with the time."""
    at: datetime
    """When, as the signatures tell; the latest, if they differ."""
    note: str


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer], at: datetime) -> str:
    """Return the signed note: two lines of each signer, one plain and one with the time (to the second)."""
    return sign_note(checkpoint.text, [form for one in signers for form in (one, one.at(at))])


def open_checkpoint(note: str, verifiers: Iterable[Verifier]) -> SignedCheckpoint:
    """Return the checkpoint in `note`; raises `Invalid` unless one of `verifiers` signed it in both forms."""
    known = {one.of_kind(kind) for one in verifiers for kind in (PLAIN, TIMESTAMPED)}
    opened = open_note(note, known)
    plain = {one.by for one in opened.signatures if one.by.kind == PLAIN}
    timed = {one.by.of_kind(PLAIN): one.at for one in opened.signatures if one.at is not None}
    signed_by = tuple(sorted(plain & timed.keys(), key=lambda one: one.text))
    if not signed_by:
        raise Invalid(
            "The checkpoint is not signed both plainly and with the time by one key.",
            hint="Take the checkpoint as the journal wrote it, with all its lines.",
            where="signature",
            code="half-signed",
        )
    return SignedCheckpoint(
        Checkpoint.parse(opened.text), signed_by, max(timed[one] for one in signed_by), note
    )


def read_checkpoint(note: str) -> Checkpoint:
    """Return what `note` says without looking at its signatures. Prove it before you believe it."""
    text, blank, _ = note.partition("\n\n")
    if not blank:
        raise _malformed("a blank line after the third line is missing")
    return Checkpoint.parse(text + "\n")


def _malformed(why: str) -> Invalid:
    return Invalid(
        f"This is not a checkpoint: {why}.",
        hint="Take the checkpoint as the journal wrote it, with all its lines.",
        where="checkpoint",
        code="malformed-checkpoint",
    )
