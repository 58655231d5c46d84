"""Which keys may sign, and up to where: a key hands over to the next by an entry in the tree it signed.

Invariant: a key is trusted because somebody named it, or because a trusted key signed a tree that names it; never
because it came along.
Refuses: checkpoints of a key beyond the one in which it handed over, though it may have been stolen since.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from allotment.journal.tree.checkpoints import SignedCheckpoint, open_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.notes import Verifier
from allotment.journal.tree.proof_files import read_proof
from allotment.journal.tree.proofs import verify_inclusion
from allotment.kernel.errors import Invalid

ROTATE = "journal.rotate-key"
"""The action of an entry that names the next key, as a vkey, in `details.vkey`."""


@dataclass(frozen=True)
class Handover:
    """A change of the key: the entry, and its proof under a checkpoint that both keys signed."""

    number: int
    body: str
    proof: str
    """The text of a `.tlog-proof` file."""


class _Details(msgspec.Struct, frozen=True):
    vkey: str


class _Rotation(msgspec.Struct, frozen=True):
    action: str
    details: _Details


_decode_rotation = msgspec.json.Decoder(_Rotation).decode


def successor(body: str) -> Verifier:
    """Return the key that an entry hands over to; raises `Invalid` if it hands over to none."""
    try:
        rotation = _decode_rotation(body)
    except msgspec.DecodeError:
        rotation = _Rotation("", _Details(""))
    if rotation.action != ROTATE:
        raise Invalid(
            "This entry does not hand over to another key.",
            hint="Take the entry of the key change as the journal wrote it.",
            where="rotations",
        )
    return Verifier.parse(rotation.details.vkey)


class KeyRing:
    """The keys that are trusted. Changes as handovers are followed."""

    def __init__(self, keys: Iterable[Verifier]) -> None:
        self.keys = tuple(dict.fromkeys(keys))
        self._until: dict[Verifier, int] = {}

    @property
    def replaced(self) -> frozenset[Verifier]:
        """The keys that handed over to another."""
        return frozenset(self._until)

    def open(self, note: str) -> SignedCheckpoint:
        """Return the checkpoint in `note`; raises `Invalid` unless a key that was in force signed it."""
        opened = open_checkpoint(note, self.keys)
        size = opened.checkpoint.size
        if all(size > self._until.get(one, size) for one in opened.signed_by):
            raise Invalid(
                f"The checkpoint over {size} entries is signed by a key that had been replaced.",
                hint="Ask for one by the current key. If there is none, the old key may have been stolen.",
                where="signature",
                code="replaced-key",
            )
        if opened.checkpoint.origin not in {one.name for one in opened.signed_by}:
            raise Invalid(
                f"The checkpoint belongs to another journal, {opened.checkpoint.origin}.",
                hint="Compare checkpoints of one journal only.",
                where="origin",
                code="other-journal",
            )
        return opened

    def follow(self, handover: Handover) -> None:
        """Trust the key that a trusted key handed over to; raises `Invalid` if none did."""
        proof = read_proof(handover.proof)
        opened = self.open(proof.note)
        tree = opened.checkpoint
        leaf = leaf_hash(handover.body.encode())
        new = successor(handover.body)
        is_there = proof.number == handover.number and verify_inclusion(
            leaf, proof.number, tree.size, proof.hashes, tree.root
        )
        if not is_there or new not in open_checkpoint(proof.note, [new]).signed_by:
            raise Invalid(
                f"The change of the key in entry {handover.number} is not proved.",
                hint="Ask for the journal's key changes again.",
                where="rotations",
                code="unproved-rotation",
            )
        for old in set(opened.signed_by) - {new}:
            self._until.setdefault(old, tree.size)
        self.keys = tuple(dict.fromkeys((*self.keys, new)))
