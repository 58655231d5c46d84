"""Verifying the whole journal: every text, every hash, every signature, every time.

The pass itself is in `walking.py`. Here are its rows, what only shows afterwards, and what lies outside the database:
the first public key, and the newest checkpoint, without which a cut end would show nowhere; besides, keys and the
state of a witness from elsewhere, if somebody has them. What must be there is read first and the rows after it, so
that entries and checkpoints may be written meanwhile.

Invariant: a journal that passes holds, in order, exactly the entries that were signed. Refuses: nothing; what is wrong
is found and told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Exists, OuterRef, Q

from allotment.journal.anchoring import Anchor, Begun, Sighting, chain_at, continues
from allotment.journal.bodies import instant
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf, JournalNode
from allotment.journal.problems import Kind, Problem
from allotment.journal.proving import StoredHashes
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, SignedCheckpoint, read_checkpoint
from allotment.journal.tree.hashing import CompactRange
from allotment.journal.tree.notes import Verifier
from allotment.journal.walking import TOLERANCE, Claim, Row, Walk
from allotment.journal.witnessing import Seen
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Invalid

GRACE = timedelta(minutes=1)
"""So long may an entry wait for its place and its signature."""
MOST_TOLD = 1000
_CHUNK = 16_384
_PAGE = 500
_ROWS = (
    "SELECT leaf.number, leaf.hash, entry.body FROM journal_leaf leaf LEFT JOIN journal_entry entry"
    " ON entry.ticket = leaf.entry WHERE leaf.number >= %s ORDER BY leaf.number LIMIT %s"
)
"""By hand, because models join along foreign keys only, and their rows cost as much as all hashing here."""

Progress = Callable[[int, int], bool]
"""Called with entries done and to do; returns whether to go on."""


@dataclass(frozen=True)
class Outside:
    """What is kept outside the database, as text; None for a file that is not there."""

    vkeys: str | None
    checkpoint: str | None

    @classmethod
    def read(cls, home: Path) -> "Outside":
        """Read `journal.vkeys` and `journal.checkpoint` in `home`."""
        return cls(_text_of(home / "journal.vkeys"), _text_of(home / "journal.checkpoint"))


@dataclass(frozen=True)
class Elsewhere:
    """What lies outside the installation, so that nobody who rules it can change it."""

    keys: tuple[str, ...] = ()
    """Public keys: one of them must have signed the newest checkpoint, or lead to the key that did."""
    seen: Seen | None = None
    """What a witness saw."""


@dataclass(frozen=True)
class _Before:
    """What was read before the entries."""

    signed: int
    """The size of the newest checkpoint: so many entries must be there."""
    late: str
    """What is older should have its place and its signature."""


@dataclass(frozen=True)
class Verified:
    """What was verified, and what is wrong."""

    entries: int
    """In the tree."""
    checkpoints: int
    since: int
    """Entries before this one were verified earlier."""
    newest: SignedCheckpoint | None
    problems: tuple[Problem, ...]
    """The first thousand."""
    problem_count: int
    invented: int
    """Entries of demonstration data whose times are not those of their signing."""
    begun: tuple[Begun, ...]
    """Where the journal began anew, with everybody's knowledge."""
    seconds: float
    is_complete: bool
    """False if it was interrupted."""

    @property
    def is_sound(self) -> bool:
        """Whether everything was verified and nothing is wrong."""
        return self.is_complete and not self.problems


def verify(
    outside: Outside,
    *,
    since: int = 0,
    progress: Progress | None = None,
    elsewhere: Elsewhere = Elsewhere(),
) -> Verified:
    """Verify all entries from number `since` on: the size of a checkpoint up to which all was verified before.

    `progress` is called every few thousand entries; if it returns False, verifying ends there. Raises `Invalid` if
    there is no checkpoint over `since` entries, or what is `elsewhere` cannot be read. Repetitions are looked for among
    the entries verified now.
    """
    started = clock.monotonic()
    if since and not JournalCheckpoint.objects.filter(size=since).exists():
        raise Invalid(
            f"No checkpoint over {since} entries was signed.",
            hint="Verify from the size of a checkpoint, or everything.",
            where="since",
        )
    faults: list[tuple[Kind, str]] = []
    before = _before()
    given = _given(elsewhere)
    anchor = _anchor(outside, elsewhere, since, faults)
    walk = Walk(_edge(since), anchor, _claims(since), clock.now())
    for kind, why in faults:
        walk.problem(kind, since, why=why)
    is_complete = _pass(walk, progress)
    if is_complete:
        _look_at_the_end(walk, anchor, before)
        _look_at_places(walk, anchor, since)
        _look_at_rows(walk, since)
        _look_for_unplaced(walk, before)
        _look_for_repeated(walk, since)
        for keys in given:
            if not set(keys) & set(walk.chain):
                walk.problem(Kind.OTHER_KEY, walk.number, key=keys[0].text)
    return Verified(
        entries=walk.number,
        checkpoints=walk.signed,
        since=since,
        newest=walk.newest,
        problems=tuple(walk.problems[:MOST_TOLD]),
        problem_count=len(walk.problems),
        invented=walk.invented,
        begun=tuple(walk.begun),
        seconds=clock.monotonic() - started,
        is_complete=is_complete,
    )


def _edge(since: int) -> CompactRange:
    try:
        return proofs.edge(StoredHashes(), since)
    except Invalid as error:
        raise Invalid(
            f"Verifying cannot begin at {since}: {error.message}",
            hint="Verify everything; that says what is missing.",
            where="since",
        ) from error


def _pass(walk: Walk, progress: Progress | None) -> bool:
    """Take all rows; return False if interrupted."""
    last = JournalLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    size = 0 if last is None else last + 1
    for rows in _rows(walk.number, size):
        walk.take(rows)
        if progress is not None and not progress(walk.number, size):
            return False
    return True


def _rows(first: int, end: int) -> Iterator[Sequence[Row]]:
    """Yield the entries in pages, each found by number: none is moved by what is written meanwhile."""
    while first < end:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_ROWS, [first, min(_CHUNK, end - first)])
            rows: Sequence[Row] = cursor.fetchall()
        if not rows:
            return
        yield rows
        first = rows[-1][0] + 1


def _claims(since: int) -> Iterator[Claim]:
    rows = JournalCheckpoint.objects.order_by("size")
    page = list(rows.filter(size__gte=since)[:_PAGE])
    while page:
        yield from (Claim(one.size, one.at, one.note) for one in page)
        page = list(rows.filter(size__gt=page[-1].size)[:_PAGE])


def _before() -> _Before:
    newest = JournalCheckpoint.objects.order_by("-size").values_list("size", flat=True).first()
    return _Before(newest or 0, instant(clock.now() - GRACE))


def _given(elsewhere: Elsewhere) -> list[list[Verifier]]:
    """Return the keys given, and those of the witness; raises `Invalid` for one that cannot be read."""
    keys = [elsewhere.keys, elsewhere.seen.keys if elsewhere.seen else ()]
    return [[Verifier.parse(one) for one in some] for some in keys if some]


def _anchor(outside: Outside, elsewhere: Elsewhere, since: int, faults: list[tuple[Kind, str]]) -> Anchor:
    """Return what the walk is compared with. The key in force where it begins is the first, or proved from it."""
    published = (outside.vkeys or "").split() or list(elsewhere.keys)
    chain: tuple[Verifier, ...] = ()
    begun: tuple[Begun, ...] = ()
    try:
        first = Verifier.parse(next(iter(published), ""))
    except Invalid as error:
        faults.append((Kind.NO_KEY, error.message))
    else:
        try:
            chain, begun = chain_at(first, since, tuple(published))
        except AllotmentError as error:
            faults.append((Kind.UNPROVED_KEY, error.message))
    sightings = []
    if (newest := _newest_outside(outside, faults)) is not None:
        sightings.append(Sighting(newest, Kind.FORK))
    if elsewhere.seen is not None:
        sightings.append(Sighting(elsewhere.seen.opened().checkpoint, Kind.WITNESSED))
    return Anchor(chain, tuple(published), tuple(sightings), begun)


def _newest_outside(outside: Outside, faults: list[tuple[Kind, str]]) -> Checkpoint | None:
    """Return what the file says. It is believed against the database only, so nobody asks for its signature."""
    if outside.checkpoint is None:
        if JournalCheckpoint.objects.exists():
            faults.append((Kind.OUTSIDE, "there is no such file."))
        return None
    try:
        return read_checkpoint(outside.checkpoint)
    except Invalid as error:
        faults.append((Kind.OUTSIDE, error.message))
        return None


def _look_at_the_end(walk: Walk, anchor: Anchor, before: _Before) -> None:
    """Compare where the entries end with what was signed before they were read."""
    signed = max([before.signed, *(one.checkpoint.size for one in anchor.sightings)])
    if signed > walk.number:
        walk.problem(Kind.CUT, signed, size=str(walk.number))
    elif before.signed < walk.number and _is_late(before):
        walk.problem(Kind.UNSIGNED, before.signed)


def _is_late(before: _Before) -> bool:
    """Whether the first entry that was not signed should have been."""
    rows = JournalLeaf.objects.filter(number__gte=before.signed).order_by("number")
    ticket = rows.values_list("entry", flat=True)[:1]
    return JournalEntry.objects.filter(ticket__in=ticket, at__lt=before.late).exists()


def _look_at_places(walk: Walk, anchor: Anchor, since: int) -> None:
    """Find places that the walk did not come by, and compare what was seen before it with where it began."""
    strays = JournalLeaf.objects.filter(number__lt=0).order_by("number")
    for number, ticket in strays.values_list("number", "entry")[:MOST_TOLD]:
        walk.problem(Kind.STRAY, ticket, number=str(number))
    earlier = JournalLeaf.objects.filter(number__gte=0, number__lt=since)
    if earlier.count() != since:
        numbers = enumerate(earlier.order_by("number").values_list("number", flat=True).iterator(_CHUNK))
        walk.problem(Kind.GAP, next((place for place, number in numbers if place != number), earlier.count()))
    for one in anchor.sightings:
        if one.checkpoint.size < since and not continues(one.checkpoint, since):
            walk.problem(one.kind, one.checkpoint.size)


def _look_at_rows(walk: Walk, since: int) -> None:
    """Compare the rows of the tree with those computed; if the tree is not the signed one, they cannot tell more."""
    if not walk.is_whole:
        return
    expected = {(one.level, one.index): one.hash for one in walk.nodes}
    stored = JournalNode.objects.order_by("level", "index").values_list("level", "index", "hash")
    for level, index, stored_hash in stored.iterator(_CHUNK):
        end = (index + 1) << level
        if since < end <= walk.number and expected.pop((level, index), b"") != bytes(stored_hash):
            walk.problem(Kind.ROW, index << level)
    for level, index in expected:
        walk.problem(Kind.ROW, index << level)


def _look_for_unplaced(walk: Walk, before: _Before) -> None:
    """Find entries without a place that no sequencer is about to give one, whatever time they claim.

    After a walk over all places that found an entry at each, as many places as entries leave none without; counting is
    quick. Places are counted first: entries that come meanwhile make the numbers differ, and never hide one.
    """
    if walk.began == 0 and not walk.problems and JournalLeaf.objects.count() == JournalEntry.objects.count():
        return
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    waiting = Q(at__gte=before.late, at__lte=instant(clock.now() + TOLERANCE))
    left = JournalEntry.objects.filter(~Exists(places)).exclude(waiting).order_by("ticket")
    for ticket in left.values_list("ticket", flat=True)[:MOST_TOLD]:
        walk.problem(Kind.UNPLACED, ticket)


class _Identified(msgspec.Struct, frozen=True):
    id: str


_identified = msgspec.json.Decoder(_Identified).decode


def _look_for_repeated(walk: Walk, since: int) -> None:
    """Find which entries have an id that came before; read again only if there are any."""
    repeated = walk.ids.repeated()
    seen: set[str] = set()
    for rows in _rows(since, walk.number) if repeated else ():
        for number, _, text in rows:
            try:
                one = _identified(text or "").id
            except msgspec.DecodeError:
                continue
            if hash(one) in repeated and one in seen:
                walk.problem(Kind.REPEATED, number, id=one)
            seen.update([one] if hash(one) in repeated else ())


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
