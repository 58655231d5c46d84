"""One pass over the entries in the order of the tree, comparing text, form, hash, root, signature, time and id.

Invariant: the tree grows from the stored leaf hashes, each of which is compared with its text; so a changed text is
told by its number, and everything after it is still verified. Memory: eight bytes an entry, for its id.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec

from allotment.journal.anchoring import Anchor, Begun, begins_anew
from allotment.journal.problems import Kind, Problem
from allotment.journal.tree.checkpoints import Checkpoint, SignedCheckpoint, open_checkpoint
from allotment.journal.tree.hashing import CompactRange, Node
from allotment.journal.tree.keyrings import ROTATE, successor
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import Invalid

TOLERANCE = timedelta(minutes=10)
"""An entry may be that much older than the checkpoint before it, or younger than the one that covers it."""
_IS_ROTATION = f'{{"action":"{ROTATE}"'
"""How the text of such an entry begins: names are sorted (RFC 8785)."""
_BUCKETS = 256
_ENDLESS = 1 << 62

Row = tuple[int, bytes, str | None]
"""Number, leaf hash and text of an entry; no text if it is gone."""


@dataclass(frozen=True)
class Claim:
    """A stored checkpoint: what its row says, and the signed note."""

    size: int
    at: datetime
    note: str


_AT_ONCE = 64
_Value = str | int | bool | None


class _Dated(msgspec.Struct, frozen=True, gc=False):
    """What is needed of an entry of any shape."""

    id: str
    at: str


class _Shaped(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An entry as it is written today, every value as it stands. Read so, it takes a third less time."""

    action: str
    actor: str | None
    app: str | None
    approver: str | None
    at: str
    commitments: dict[str, str]
    details: dict[str, _Value]
    flagged: bool
    id: str
    object_id: str
    object_kind: str
    outcome: str
    policies: tuple[str, ...]
    policy_version: str
    run: str | None
    space: str | None


class _Marked(msgspec.Struct, frozen=True):
    details: dict[str, _Value]


_dated = msgspec.json.Decoder(_Dated).decode
_shaped = msgspec.json.Decoder(_Shaped).decode
_any_shape = msgspec.json.Decoder(dict[str, _Value | list[str] | dict[str, _Value]]).decode
_write = msgspec.json.Encoder(order="deterministic").encode
"""Together they give a canonical text back, and no other: of a name that comes twice only the last is read."""
_marked = msgspec.json.Decoder(_Marked).decode


class _Read(NamedTuple):
    """What entries say, in their order."""

    ids: list[str]
    moments: list[str]
    canonical: list[bytes]
    """The text each would have in canonical form."""


def _read_anew(encoded: Sequence[bytes]) -> _Read:
    """Read entries; raises `DecodeError` for what is none.

    A few at a time, so that little is left for Python to look through for unused cycles, which took as long as reading.
    """
    read = _Read([], [], [])
    for start in range(0, len(encoded), _AT_ONCE):
        some = encoded[start : start + _AT_ONCE]
        entries: Sequence[_Shaped | _Dated]
        try:
            entries = list(map(_shaped, some))
            read.canonical.extend(map(_write, entries))
        except msgspec.ValidationError:  # written by another version
            entries = list(map(_dated, some))
            read.canonical.extend([_write(_any_shape(text)) for text in some])
        read.ids.extend([entry.id for entry in entries])
        read.moments.extend([entry.at for entry in entries])
    return read


@dataclass
class Ids:
    """Tells whether an id came twice: keeps 64 bits of each, so it may ask twice but never miss."""

    _buckets: "list[array[int]]" = field(default_factory=lambda: [array("q") for _ in range(_BUCKETS)])

    def add(self, ids: Sequence[str]) -> None:
        """Remember ids."""
        buckets = self._buckets
        for one in map(hash, ids):
            buckets[one & (_BUCKETS - 1)].append(one)

    def repeated(self) -> frozenset[int]:
        """Return the hashes of ids that came more than once."""
        found: set[int] = set()
        for bucket in self._buckets:
            if len(set(bucket)) < len(bucket):
                seen: set[int] = set()
                found.update(one for one in bucket if one in seen or seen.add(one))  # type: ignore[func-returns-value]
        return frozenset(found)


class Walk:
    """The pass. `take` rows in order; then look at `problems`."""

    _next_key: Verifier | None
    """To be in force from the next checkpoint on."""
    _begins: Begun | None
    """Where the journal begins anew with it."""

    def __init__(self, edge: CompactRange, anchor: Anchor, claims: Iterator[Claim], now: datetime) -> None:
        self.problems: list[Problem] = []
        self.began = self.number = edge.size
        self.signed = 0
        self.invented = 0
        self.newest: SignedCheckpoint | None = None
        self.nodes: list[Node] = []
        self.begun = list(anchor.begun)
        self.chain = list(anchor.chain)
        """The keys in force, each handed over to by the one before; the first also after the journal began anew."""
        self.ids = Ids()
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
        self._low, self._high = "", ""
        self._close()

    def take(self, rows: Sequence[Row]) -> None:
        """Verify the next entries."""
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
        self.nodes += self._edge.extend([bytes(row[1]) for row in rows])
        self._texts(rows)
        self.number += len(rows)

    def _texts(self, rows: Sequence[Row]) -> None:
        _, stored, texts = zip(*rows, strict=True)
        try:
            encoded = [text.encode() for text in texts]
            read = _read_anew(encoded)
        except (AttributeError, msgspec.DecodeError, UnicodeEncodeError):
            if len(rows) > 1:
                for row in rows:
                    self._texts([row])
            else:
                self._unreadable(rows[0])
            return
        hashes = [sha256(b"\x00" + text).digest() for text in encoded]
        if hashes != list(stored):
            self._changed(rows, hashes)
        if read.canonical != encoded:
            self._misshapen(rows, read.canonical)
        if min(read.moments) < self._low or max(read.moments) > self._high:
            self._misdated(rows, read.moments)
        self.ids.add(read.ids)
        for at in [at for at, text in enumerate(texts) if text.startswith(_IS_ROTATION)]:
            self._hand_over(rows[at][0], texts[at])

    def _unreadable(self, row: Row) -> None:
        number, _, text = row
        self.problem(Kind.REMOVED if text is None else Kind.UNREADABLE, number)

    def _changed(self, rows: Sequence[Row], hashes: Sequence[bytes]) -> None:
        for (number, stored, _), computed in zip(rows, hashes, strict=True):
            if bytes(stored) != computed:
                self.problem(Kind.CHANGED, number)

    def _misshapen(self, rows: Sequence[Row], canonical: Sequence[bytes]) -> None:
        for (number, stored, text), expected in zip(rows, canonical, strict=True):
            is_as_signed = sha256(b"\x00" + (text or "").encode()).digest() == bytes(stored)
            if is_as_signed and (text or "").encode() != expected:
                self.problem(Kind.FORM, number)

    def _misdated(self, rows: Sequence[Row], moments: Sequence[str]) -> None:
        for (number, _, text), at in zip(rows, moments, strict=True):
            if self._low <= at <= self._high:
                continue
            if at < self._low and _marked(text or "").details.get("invented"):
                self.invented += 1
            elif at < self._low:
                self.problem(Kind.BACKDATED, number, at=at, bound=_words(self._before()))
            else:
                self.problem(Kind.AHEAD, number, at=at, bound=_words(self._after()))

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
        self._low = _text(self._before() - TOLERANCE) if self.newest else ""
        self._high = _text(self._after() + TOLERANCE)

    def _advance(self) -> None:
        before = self._claim
        self._claim = next(self._claims, None)
        if before and self._claim and self._claim.at < before.at:
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
        if (opened.checkpoint.size, opened.at) != (claim.size, claim.at.replace(microsecond=0)):
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
        return self._claim.at if self._claim else self._now


def _text(at: datetime) -> str:
    """Return the time as entries write it, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def _words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
