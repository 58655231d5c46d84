"""What every receipt carries so that anyone can check it offline: an entry of the journal, proved and signed.

`verify_journal.py` says at its top what a receipt file holds. Invariant: a file is complete, with the proof and every
change of the key; until the entry is signed, a second or two after it is recorded, there is none (`Unavailable`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from allotment.journal import proving
from allotment.journal.evidence import covering, public_keys
from allotment.journal.tree.keyrings import Handover

VERIFIER = Path(__file__).parent / "verify_journal.py"
"""The program that checks a receipt."""


@dataclass(frozen=True)
class Evidence:
    """That an entry is in the journal, as a receipt file says it."""

    entry: str
    """The exact text that was hashed."""
    proof: str
    """The text of a `.tlog-proof` file."""
    keys: Sequence[str]
    """The journal's public keys, oldest first."""
    rotations: Sequence[Handover]
    checkpoints: Sequence[proving.Earlier]
    """The one before the entry, which cannot be much older than it; the one that covered it first, which cannot be much
    younger; and those under which a key handed over."""


def evidence_of(ticket: int) -> Evidence:
    """Return the evidence for one entry; raises `Unavailable` (“not-signed-yet”) before it is signed."""
    return evidence_in(proving.prove(ticket))


def evidence_in(proof: proving.Proof) -> Evidence:
    """Return the evidence in a proof."""
    rotations = proving.handovers(until=proof.size)
    earlier = tuple(proving.earlier([proof.number], proof.size, covering([proof.number], proof.size)))
    return Evidence(proof.body, proof.text, public_keys().split(), rotations, earlier)


def trusted_key() -> str:
    """Return the public key that receipts are checked with; empty before the journal has one."""
    return public_keys().partition("\n")[0]
