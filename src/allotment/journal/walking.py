"""One pass over the entries in the order of the tree, comparing text, form, hash, root, signature, time and id.

Invariant: the tree grows from the stored leaf hashes, each of which is compared with its text; so a changed text is
told by its number, and everything after it is still verified. An entry may be older neither than the checkpoint before
it nor than the entries before it, so that removing checkpoints widens no time. Memory: eight bytes an entry for its id,
a hash for every 256 of them, the problems that are told, and the places of what came late.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from allotment.journal.anchoring import Anchor, Begun, begins_anew
from allotment.journal.decoding import Read, is_invented, is_uuid, read_anew
from allotment.journal.problems import MOST_TOLD, Kind, Problem
from allotment.journal.tree.checkpoints import Checkpoint, SignedCheckpoint, open_checkpoint
from allotment.journal.tree.hashing import CompactRange, Node
from allotment.journal.tree.keyrings import ROTATE, successor
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import Invalid

TOLERANCE = timedelta(minutes=10)
"""An entry may be that much older than the checkpoint before it, or younger than the one that covers it; so it may be
twice as much older than an entry before it, which a signature between the two allows."""
IS_ROTATION = f'{{"action":"{ROTATE}"'
"""How the text of such an entry begins: names are sorted (RFC 8785)."""
_MOST_AT_ONCE = 1_000_000
"""Ids compared with each other in one go: of more, some at a time, or they would take much memory."""
_ENDLESS = 1 << 62

Row = tuple[int, Any, Any, int]
"""Number, leaf hash, text and ticket of an entry; no text if it is gone. The hash and the text may be of another type:
who rules the database can write anything."""


@dataclass(frozen=True)
class Claim:
    """A stored checkpoint: what its row says, and the signed note."""

    size: int
    at: datetime | None
    """None where it cannot be read."""
    note: str

    @property
    def origin(self) -> str:
        """The name of the journal that its note begins with; believed under a signature only."""
        return self.note.partition("\n")[0]


class Ids:
    """Tells whether an id came twice: keeps the random half of each, so it may ask twice but never miss."""

    def __init__(self) -> None:
        self._halves = array("Q")

    @staticmethod
    def halves(ids: Sequence[str]) -> "array[int]":
        """Return the random halves of ids, all of which must be UUIDs as entries write them."""
        return array("Q", bytes.fromhex("".join(ids).replace("-", "")))[1::2]

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids."""
        self._halves += self.halves(ids)

    def repeated(self) -> frozenset[int]:
        """Return the halves of ids that came more than once."""
        found: set[int] = set()
        parts = len(self._halves) // _MOST_AT_ONCE + 1
        for part in range(parts):
            some = (
                self._halves
                if parts == 1
                else array("Q", [one for one in self._halves if one % parts == part])
            )
            if len(set(some)) < len(some):
                seen: set[int] = set()
                found.update(one for one in some if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        return frozenset(found)


class Walk:
    """The pass. `take` rows in order; then look at `problems`."""

    _next_key: Verifier | None
    """To be in force from the next checkpoint on."""
    _begins: Begun | None
    """Where the journal begins anew with it."""

    _is_anew: bool
    """Whether the next checkpoint has another name than the one before: then that one's time is given up, too."""

    def __init__(
        self, edge: CompactRange, anchor: Anchor, claims: Iterator[Claim], now: datetime, ticket: int
    ) -> None:
        """Begin behind the entry with that ticket."""
        self.problems: list[Problem] = []
        """The first thousand."""
        self.problem_count = 0
        self.began = self.number = edge.size
        self.signed = 0
        self.invented = 0
        self.newest: SignedCheckpoint | None = None
        self.nodes: list[Node] = []
        self.begun = list(anchor.begun)
        self.chain = list(anchor.chain)
        """The keys in force, each handed over to by the one before; the first also after the journal began anew."""
        self.ids = Ids()
        self.committed: list[tuple[int, str, Collection[str]]] = []
        """Number, id, and names of personal values, of the entries taken last."""
        self.late = array("q")
        """Numbers of entries whose ticket is below one that stands before."""
        self.is_whole = True
        """Whether the tree is the signed one so far."""
        self._edge = edge
        self._sightings = anchor.sightings
        self._published = anchor.published
        self._next_key = None
        self._begins = None
        self._claims = claims
        self._claim = next(claims, None)
        self._sound_until = edge.size
        self._now = now
        self._is_anew = False
        self._low, self._high = "", ""
        self._latest = ""
        """The time of the youngest entry before the next."""
        self._ticket = ticket
        self._close()

    def take(self, rows: Sequence[Row]) -> None:
        """Verify the next entries."""
        self.committed.clear()
        start = 0
        while start < len(rows):
            number = rows[start][0]
            if number != self.number:
                self._gap(number)
            length = 1
            most = min(len(rows) - start, self._limit())
            if rows[start + most - 1][0] == number + most - 1:
                length = most
            self._segment(rows[start : start + length])
            start += length
            self._close()

    def problem(self, kind: Kind, where: int, **details: str) -> None:
        """Note what is wrong."""
        self.problem_count += 1
        if len(self.problems) < MOST_TOLD:
            self.problems.append(Problem(kind, where, self._sound_until, details))

    def _limit(self) -> int:
        """Return how many entries come before the next checkpoint ends."""
        sizes = [one.checkpoint.size for one in self._sightings]
        if self._claim is not None:
            sizes.append(self._claim.size)
        return min((size for size in sizes if size > self.number), default=_ENDLESS) - self.number

    def _gap(self, number: int) -> None:
        self.problem(Kind.GAP, self.number)
        self.is_whole = False
        self.number = number
        while self._claim is not None and self._claim.size < number:
            self._advance()

    def _segment(self, rows: Sequence[Row]) -> None:
        """Verify entries under one checkpoint."""
        hashes = [row[1] for row in rows]
        if set(map(type, hashes)) != {bytes}:
            hashes = [bytes(one) if isinstance(one, bytes | memoryview) else b"" for one in hashes]
        self.nodes += self._edge.extend(hashes)
        self._texts(rows, hashes)
        self.number += len(rows)

    def _texts(self, rows: Sequence[Row], stored: Sequence[bytes]) -> None:
        numbers, _, texts, tickets = zip(*rows, strict=True)
        try:
            encoded = [text.encode() for text in texts]
            read = read_anew(encoded)
        except (AttributeError, msgspec.DecodeError, UnicodeEncodeError):
            if len(rows) > 1:
                for row, one in zip(rows, stored, strict=True):
                    self._texts([row], [one])
            else:
                self.problem(Kind.REMOVED if texts[0] is None else Kind.UNREADABLE, numbers[0])
            return
        hashes = [sha256(b"\x00" + text).digest() for text in encoded]
        changed: set[int] = set()
        if hashes != stored:
            compared = zip(numbers, stored, hashes, strict=True)
            changed = {number for number, one, computed in compared if one != computed}
            for number in sorted(changed):
                self.problem(Kind.CHANGED, number)
        for at in sorted(read.misshapen):
            if numbers[at] not in changed:
                self.problem(Kind.FORM, numbers[at])
        self._date(numbers, texts, read)
        self.ids.add(list(filter(is_uuid, read.ids)) if read.misshapen else read.ids)
        self.committed += [
            (numbers[at], one, said) for at, one, said in read.committed if numbers[at] not in changed
        ]
        self._arrived(numbers, tickets, changed)
        if ROTATE in read.actions:
            for at in [at for at, text in enumerate(texts) if text.startswith(IS_ROTATION)]:
                self._hand_over(numbers[at], texts[at])

    def _date(self, numbers: Sequence[int], texts: Sequence[str], read: Read) -> None:
        """Compare times with the checkpoints around, and with the entries before; most need no look at each."""
        least, most = min(read.moments), max(read.moments)
        if (
            not read.misshapen
            and max(self._low, _earlier(max(self._latest, most))) <= least
            and most <= self._high
            and (most <= self._latest or not is_invented(texts[read.moments.index(most)]))
        ):
            self._latest = max(self._latest, most)
            return
        for at, moment in enumerate(read.moments):
            if at not in read.misshapen:
                self._date_one(numbers[at], texts[at], moment)

    def _date_one(self, number: int, text: str, at: str) -> None:
        is_older = at < self._low or (at < self._latest and at < _earlier(self._latest))
        if at > self._high:
            self.problem(Kind.AHEAD, number, at=at, bound=_words(self._after()))
        elif is_older and is_invented(text):
            self.invented += 1
        elif is_older:
            bound = _words(self._before()) if at < self._low else f"{self._latest[:19].replace('T', ' ')} UTC"
            self.problem(Kind.BACKDATED, number, at=at, bound=bound)
        elif at > self._latest and not is_invented(text):
            self._latest = at

    def _arrived(self, numbers: Sequence[int], tickets: Sequence[int], changed: Collection[int]) -> None:
        """Find entries that arrived, as their tickets say, before one that stands before them."""
        if tickets[0] > self._ticket and list(tickets) == sorted(tickets):
            self._ticket = tickets[-1]
            return
        for number, ticket in zip(numbers, tickets, strict=True):
            if ticket < self._ticket and number not in changed:
                self.late.append(number)
            self._ticket = max(self._ticket, ticket)

    def _hand_over(self, number: int, text: str) -> None:
        """Expect the signature of the key that an entry names, from the next checkpoint on."""
        try:
            following = successor(text)
        except Invalid as error:
            self.problem(Kind.HANDOVER, number, why=error.message)
            return
        if not self.chain:
            return
        key = self.chain[-1]
        if following == key:
            self.problem(Kind.HANDOVER, number, why="It names the key that was in force already.")
            return
        self._next_key = following
        if begins_anew(text, key, self._published):
            self._begins = Begun(number, key.name, following.name)

    def _close(self) -> None:
        """Compare the tree with the checkpoints that end here."""
        while self._claim is not None and self._claim.size == self.number:
            self._check(self._claim)
            self._advance()
        for one in self._sightings:
            if one.checkpoint.size == self.number:
                self._compare(one.checkpoint, one.kind)
        self._low = _text(self._before() - TOLERANCE) if self.newest and not self._is_anew else ""
        self._high = _text(self._after() + TOLERANCE)

    def _advance(self) -> None:
        before, self._claim = self._claim, next(self._claims, None)
        if before is None or self._claim is None:
            return
        self._is_anew = before.origin != self._claim.origin
        if self._is_anew:
            self._latest = ""
        elif before.at and self._claim.at and self._claim.at < before.at:
            self.problem(Kind.CLOCK, self._claim.size)

    def _check(self, claim: Claim) -> None:
        try:
            opened = self._open(claim)
        except Invalid as error:
            self.problem(Kind.SIGNATURE, claim.size, why=error.message)
            return
        self.signed += 1
        if opened is None:
            return
        self._compare(opened.checkpoint, Kind.REWRITTEN, at=_words(opened.at))
        self.newest = opened

    def _compare(self, checkpoint: Checkpoint, otherwise: Kind, **details: str) -> None:
        if not self.is_whole:
            return
        if checkpoint.root != self._edge.root():
            self.problem(otherwise, checkpoint.size, **details)
            self.is_whole = False
        elif not self.problems:
            self._sound_until = checkpoint.size

    def _open(self, claim: Claim) -> SignedCheckpoint | None:
        """Return the signed checkpoint; raises `Invalid` unless the key in force signed it, and its successor.

        Where the journal began anew, the key before may be lost: then the chain of keys begins anew, too.
        """
        if not self.chain:
            return None
        wanted = {self.chain[-1], self._next_key or self.chain[-1]}
        opened = open_checkpoint(claim.note, wanted)
        missing = wanted - set(opened.signed_by)
        if missing - ({self.chain[-1]} if self._begins else set()):
            raise Invalid(f"The key {min(one.text for one in missing)} did not sign it.")
        if opened.checkpoint.origin not in {one.name for one in wanted}:
            raise Invalid(f"It belongs to another journal, {opened.checkpoint.origin}.")
        if claim.at is None or (opened.checkpoint.size, opened.at) != (
            claim.size,
            claim.at.replace(microsecond=0),
        ):
            raise Invalid("Its row in the database says another size or time.")
        if self._begins is not None:
            self.begun.append(self._begins)
            self.chain.clear()
        self.chain += [] if self._next_key is None else [self._next_key]
        self._next_key = self._begins = None
        return opened

    def _before(self) -> datetime:
        return self.newest.at if self.newest else datetime.min.replace(tzinfo=UTC)

    def _after(self) -> datetime:
        return self._now if self._claim is None or self._claim.at is None else self._claim.at


def _text(at: datetime) -> str:
    """Return the time as entries write it, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def _earlier(at: str) -> str:
    """Return the time before which nothing may be that comes after an entry of time `at`."""
    return _text(datetime.fromisoformat(at) - 2 * TOLERANCE) if at else ""


def _words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
