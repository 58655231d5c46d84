"""What the pages of receipts say of the proof: where the entry stands in the signed tree, and how to check it."""

from allotment.journal import proving
from allotment.journal.receipts import trusted_key
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.kernel.errors import Unavailable


def proof_shown(ticket: int) -> dict[str, object]:
    """Return what `runs/_proof.html` and `runs/_check.html` show; until the entry is signed, why there is no proof."""
    try:
        proof = proving.prove(ticket)
    except Unavailable as error:
        return {"proof": None, "unproved": error}
    return {
        "proof": proof,
        "leaf": leaf_hash(proof.body.encode()).hex(),
        "root": read_checkpoint(proof.checkpoint).root.hex(),
        "key": trusted_key(),
    }
