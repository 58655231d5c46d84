"""What a journal is verified against: keys and checkpoints that do not come from the rows that are verified.

A key in force is believed because the keys before it signed that they hand over to it. The one exception is a journal
that began anew after its key was lost: its entry names the key that is abandoned, and the new key bears another name
and is published outside the database, so that nobody who rules only the database can make it up.

Invariant: a text in the database is believed only under a signature of a key that is trusted already. A key that was
given up does not come into force again: whoever stole it could sign that it does.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from allotment.journal import proving
from allotment.journal.handing_over import given_up
from allotment.journal.problems import Kind
from allotment.journal.proving import StoredHashes
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint
from allotment.journal.tree.keyrings import Handover, KeyRing, successor
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import AllotmentError, Invalid


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
    published: Sequence[str]
    """Public keys outside the database, oldest first."""
    sightings: tuple[Sighting, ...]
    begun: tuple[Begun, ...] = ()


class _Abandoning(msgspec.Struct, frozen=True):
    abandoned: str
    signature: str | None = None


class _BeginsAnew(msgspec.Struct, frozen=True):
    details: _Abandoning


_decode = msgspec.json.Decoder(_BeginsAnew).decode


def begins_anew(text: str, key: Verifier, published: Sequence[str]) -> bool:
    """Whether a change of the key gives up `key` for a key of another name, published after it, that says so itself.

    Those that earlier versions wrote bear no signature of the new key.
    """
    try:
        told = _decode(text).details
    except msgspec.DecodeError:
        return False
    new = successor(text)
    if told.abandoned != key.name or new.name == key.name or new.text not in published:
        return False
    names = [one.partition("+")[0] for one in published]
    is_later = key.name not in names or names.index(key.name) < names.index(new.name)
    return is_later and (told.signature is None or given_up(text) is not None)


def proved_keys(known: Iterable[Verifier]) -> tuple[Verifier, ...]:
    """Return the keys `known`, oldest first, and between them those that they handed over to in the database."""
    known = tuple(known)
    ring = KeyRing(known)
    found = list(known[:1])
    try:
        changes = proving.handovers()
    except AllotmentError:
        changes = ()  # rows are missing or damaged: nothing is proved, and `verify` says why
    for change in changes:
        with suppress(Invalid):
            new = successor(change.body)
            found += (
                [new] if new in known else []
            )  # where it began anew after a loss, nobody signed that it follows
            ring.follow(change)
            found.append(new)
    return tuple(dict.fromkeys((*found, *known)))


def chain_at(
    first: Verifier, since: int, published: Sequence[str]
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
