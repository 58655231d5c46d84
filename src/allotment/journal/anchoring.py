"""What a journal is verified against: keys and checkpoints that do not come from the rows that are verified.

A key in force is believed because the keys before it signed that they hand over to it. The one exception is a journal
that began anew after its key was lost: its entry names the key that is abandoned, and the new key bears another name
and is published outside the database, so that nobody who rules only the database can make it up.

Invariant: a text in the database is believed only under a signature of a key that is trusted already.
"""

from dataclasses import dataclass

import msgspec

from allotment.journal import proving
from allotment.journal.problems import Kind
from allotment.journal.proving import StoredHashes
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint
from allotment.journal.tree.keyrings import Handover, KeyRing, successor
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import AllotmentError


@dataclass(frozen=True)
class Sighting:
    """A checkpoint kept elsewhere, and what is wrong if the journal contradicts it."""

    checkpoint: Checkpoint
    kind: Kind


@dataclass(frozen=True)
class Begun:
    """Where a journal began anew, with everybody's knowledge."""

    number: int
    """Of the entry that tells it."""
    before: str
    """Its name before, whose key checks what was signed before."""
    name: str


@dataclass(frozen=True)
class Anchor:
    """What is known from outside the database."""

    chain: tuple[Verifier, ...]
    """The key in force where the walk begins, last, and those that led to it; empty if there is none to trust."""
    published: frozenset[str]
    """Public keys outside the database."""
    sightings: tuple[Sighting, ...]
    begun: tuple[Begun, ...] = ()


class _Abandoning(msgspec.Struct, frozen=True):
    abandoned: str


class _BeginsAnew(msgspec.Struct, frozen=True):
    details: _Abandoning


_decode = msgspec.json.Decoder(_BeginsAnew).decode


def begins_anew(text: str, key: Verifier, published: frozenset[str]) -> bool:
    """Whether a change of the key gives up `key` for a published one of another name."""
    try:
        abandoned = _decode(text).details.abandoned
    except msgspec.DecodeError:
        return False
    new = successor(text)
    return abandoned == key.name != new.name and new.text in published


def chain_at(
    first: Verifier, since: int, published: frozenset[str]
) -> tuple[tuple[Verifier, ...], tuple[Begun, ...]]:
    """Return the keys from `first`, or from where the journal began anew, to the one in force after `since` entries.

    Raises `AllotmentError` for a change of the key that is not proved.
    """
    chain: tuple[Verifier, ...] = (first,)
    begun: tuple[Begun, ...] = ()
    for handover in proving.handovers(until=since) if since else ():
        key = chain[-1]
        if begins_anew(handover.body, key, published):
            chain = (_followed(successor(handover.body), handover),)
            begun = (*begun, Begun(handover.number, key.name, chain[-1].name))
        else:
            chain = (*chain, _followed(key, handover))
    return chain, begun


def _followed(key: Verifier, handover: Handover) -> Verifier:
    ring = KeyRing([key])
    ring.follow(handover)
    return successor(handover.body)


def continues(sighting: Checkpoint, size: int) -> bool:
    """Whether the first `size` entries, whose root is compared with a signed one, begin with those of `sighting`."""
    try:
        path = proofs.consistency(StoredHashes(), sighting.size, size)
        root = proofs.root(StoredHashes(), size)
    except AllotmentError:
        return False
    return proofs.verify_consistency(sighting.size, size, sighting.root, root, path)
