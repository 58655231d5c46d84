"""Proofs from the stored tree: that an entry is in it, and that it only grew.

A proof reads at most two ranges of 256 rows for every eight levels of the tree, so it takes as long for ten million
entries as for a thousand.

Invariant: what is handed out was signed; nothing is proved against an unsigned tree, and nobody waits for a signature.
The newest checkpoint is the newest one of the tree as it stands: what a cut left behind, and rows that do not read,
keep nothing from being proved. Who signed it is for whoever checks the proof.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf, JournalNode
from allotment.journal.newest import tree_size
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.tree.keyrings import ROTATE, Handover
from allotment.journal.tree.proof_files import ProofFile
from allotment.journal.witnessing import News, shorter
from allotment.kernel.errors import Invalid, NotFound, Unavailable

_AT_ONCE = 500
"""Tickets in one query; SQLite bounds how many a statement may name."""


@dataclass(frozen=True)
class Proof:
    """That `body` is entry `number` of the journal under a signed checkpoint."""

    ticket: int
    number: int
    body: str
    """The exact text that was hashed."""
    size: int
    """Of the tree under the checkpoint."""
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The signed note."""

    @property
    def text(self) -> str:
        """The proof as a `.tlog-proof` file."""
        return ProofFile(self.number, self.hashes, self.checkpoint).text


@dataclass(frozen=True)
class Earlier:
    """An earlier checkpoint, and the hashes in base64 that show that a later one continues it."""

    note: str
    proof: list[str]


@dataclass(frozen=True)
class Growth:
    """That the journal of `new` entries begins with the journal of `old` entries."""

    old: int
    new: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The signed note over `new` entries."""

    @property
    def lines(self) -> list[str]:
        """The hashes in base64."""
        return [b64encode(one).decode() for one in self.hashes]


class StoredHashes:
    """Reads the rows of the tree (the port `tree.proofs.Hashes`)."""

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaf hashes with numbers from `start` up to `end`, without it."""
        rows = JournalLeaf.objects.filter(number__gte=start, number__lt=end).order_by("number")
        return [bytes(one) for one in rows.values_list("hash", flat=True)]

    def nodes(self, level: int, start: int, end: int) -> Sequence[bytes]:
        """Return the roots of subtrees of 2^`level` leaves, by index as above."""
        rows = JournalNode.objects.filter(level=level, index__gte=start, index__lt=end).order_by("index")
        return [bytes(one) for one in rows.values_list("hash", flat=True)]


def prove(ticket: int) -> Proof:
    """Return the proof of the entry with this ticket under the newest checkpoint.

    Raises `NotFound` for an unknown ticket and `Unavailable` for an entry that is not signed yet.
    """
    return _proof(ticket, _newest())


def prove_all(tickets: Sequence[int]) -> list[Proof]:
    """Return the proofs of many entries, all under one checkpoint."""
    newest = _newest()
    return [_proof(one, newest) for one in tickets]


def news(since: int) -> News:
    """Return what a witness that saw `since` entries needs; raises `Conflict` if the journal is shorter."""
    newest = growth(0)
    if since > newest.new:
        raise shorter(since, newest.new)
    grown = growth(since, newest.new)
    return News(grown.checkpoint, since, tuple(grown.lines), handovers(since, newest.new))


def signed_among(tickets: Sequence[int]) -> list[int]:
    """Return those of `tickets` that the newest checkpoint covers."""
    newest = _newest_if_any()
    found: list[int] = []
    if newest is None:
        return found
    for start in range(0, len(tickets), _AT_ONCE):
        some = JournalLeaf.objects.filter(entry__in=tickets[start : start + _AT_ONCE], number__lt=newest.size)
        found += some.values_list("entry", flat=True)
    return found


def growth(old: int, new: int | None = None) -> Growth:
    """Return the proof that the journal grew from `old` to `new` entries (the newest checkpoint, if not given).

    `new` must be the size of a checkpoint; raises `NotFound` if it is not.
    """
    checkpoint = _newest() if new is None else JournalCheckpoint.objects.filter(size=new).first()
    if checkpoint is None:
        raise NotFound(
            f"No checkpoint over {new} entries was signed.",
            hint="Name the size of a checkpoint, or none for the newest.",
        )
    hashes = proofs.consistency(StoredHashes(), old, checkpoint.size)
    return Growth(old, checkpoint.size, hashes, checkpoint.note)


def earlier(numbers: Iterable[int], size: int, also: Iterable[int] = ()) -> Iterator[Earlier]:
    """Yield the checkpoints that a verifier compares with the one over `size` entries, by size, each once.

    These are the newest before each entry in `numbers`, which cannot be much older than it; those under which a key
    handed over; and those over as many entries as `also` says, which a witness saw. For the latter, raises `NotFound`
    if there is none, `Conflict` if that was more.
    """
    seen = {one for one in also if one > 0}
    if seen and max(seen) > size:
        raise shorter(max(seen), size)
    sizes = seen | {covering.size for _, _, covering in _rotations(0, size)}
    for number in numbers:
        before = JournalCheckpoint.objects.filter(size__lte=number, size__gt=0).order_by("-size")
        sizes.update(before.values_list("size", flat=True)[:1])
    for one in sorted(sizes):
        yield Earlier(growth(0, one).checkpoint, growth(one, size).lines)


def handovers(since: int = 0, until: int | None = None) -> tuple[Handover, ...]:
    """Return all changes of the key from entry `since` on, each proved under the checkpoint that both keys signed.

    With `until`, only those that the checkpoint over so many entries continues.
    """
    found = []
    for number, ticket, covering in _rotations(since, until):
        proof = _proof(ticket, covering)
        found.append(Handover(number, proof.body, proof.text))
    return tuple(found)


def _rotations(since: int, until: int | None) -> Iterator[tuple[int, int, JournalCheckpoint]]:
    """Yield number and ticket of each change of the key, and the checkpoint that both keys signed."""
    tickets = JournalEntry.objects.filter(action=ROTATE).values_list("ticket", flat=True)
    numbers = JournalLeaf.objects.filter(entry__in=list(tickets), number__gte=since).order_by("number")
    for number, ticket in numbers.values_list("number", "entry"):
        covering = JournalCheckpoint.objects.filter(size__gt=number).order_by("size").first()
        if covering is not None and (until is None or covering.size <= until):
            yield number, ticket, covering


def _proof(ticket: int, checkpoint: JournalCheckpoint) -> Proof:
    body = JournalEntry.objects.filter(ticket=ticket).values_list("body", flat=True).first()
    if body is None:
        raise NotFound(f"The journal has no entry with ticket {ticket}.", hint="Check the number.")
    number = JournalLeaf.objects.filter(entry=ticket).values_list("number", flat=True).first()
    if number is None or number >= checkpoint.size:
        raise _not_yet(f"Entry {ticket} is recorded but not signed yet.")
    size = read_checkpoint(checkpoint.note).size
    hashes = proofs.inclusion(StoredHashes(), number, size)
    return Proof(ticket, number, body, size, hashes, checkpoint.note)


def _newest() -> JournalCheckpoint:
    newest = _newest_if_any()
    if newest is None:
        raise _not_yet("The journal is not signed yet.")
    return newest


def _newest_if_any() -> JournalCheckpoint | None:
    rows = JournalCheckpoint.objects.filter(size__lte=tree_size()).order_by("-size")
    return next((row for row in rows.iterator(_AT_ONCE) if _is_of_this_tree(row)), None)


def _is_of_this_tree(row: JournalCheckpoint) -> bool:
    note: object = row.note
    if not isinstance(note, str):  # SQLite keeps whatever is written into a column
        return False
    try:
        signed = read_checkpoint(note)
    except Invalid:
        return False
    return signed.size == row.size and proofs.root(StoredHashes(), signed.size) == signed.root


def _not_yet(what: str) -> Unavailable:
    return Unavailable(
        what,
        hint="It will be signed within a second or two; try again then. If it is not, see the state of the journal.",
        code="not-signed-yet",
    )
