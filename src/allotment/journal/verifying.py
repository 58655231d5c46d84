"""Verifying the whole journal: every text, every hash, every signature, every time.

The pass itself is in `walking.py`. Here are its rows, what only shows afterwards, and the two files outside the
database: the first public key, and the newest checkpoint, without which a cut end would show nowhere.

Invariant: a journal that passes holds, in order, exactly the entries that were signed. Refuses: nothing; what is wrong
is found and told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Exists, OuterRef

from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf, JournalNode
from allotment.journal.problems import Kind, Problem
from allotment.journal.proving import StoredHashes
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, SignedCheckpoint, read_checkpoint
from allotment.journal.tree.keyrings import ROTATE, successor
from allotment.journal.tree.notes import Verifier
from allotment.journal.walking import Anchor, Claim, Row, Walk
from allotment.kernel import clock
from allotment.kernel.errors import Invalid

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
    seconds: float
    is_complete: bool
    """False if it was interrupted."""

    @property
    def is_sound(self) -> bool:
        """Whether everything was verified and nothing is wrong."""
        return self.is_complete and not self.problems


def verify(outside: Outside, *, since: int = 0, progress: Progress | None = None) -> Verified:
    """Verify all entries from number `since` on: the size of a checkpoint up to which all was verified before.

    `progress` is called every few thousand entries; if it returns False, verifying ends there. Raises `Invalid` if
    there is no checkpoint over `since` entries. Repetitions are looked for among the entries verified now.
    """
    started = clock.monotonic()
    if since and not JournalCheckpoint.objects.filter(size=since).exists():
        raise Invalid(
            f"No checkpoint over {since} entries was signed.",
            hint="Verify from the size of a checkpoint, or everything.",
            where="since",
        )
    faults: list[tuple[Kind, str]] = []
    anchor = Anchor(_key(outside, since, faults), _newest_outside(outside, faults))
    walk = Walk(proofs.edge(StoredHashes(), since), anchor, _claims(since), clock.now())
    for kind, why in faults:
        walk.problem(kind, 0, why=why)
    is_complete = _pass(walk, progress)
    if is_complete:
        _look_at_the_end(walk, anchor)
        _look_at_rows(walk, since)
        _look_for_unplaced(walk)
        _look_for_repeated(walk, since)
    return Verified(
        entries=walk.number,
        checkpoints=walk.signed,
        since=since,
        newest=walk.newest,
        problems=tuple(walk.problems[:MOST_TOLD]),
        problem_count=len(walk.problems),
        invented=walk.invented,
        seconds=clock.monotonic() - started,
        is_complete=is_complete,
    )


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


def _key(outside: Outside, since: int, faults: list[tuple[Kind, str]]) -> Verifier | None:
    """Return the key in force where the walk begins: the first, or the last that took over before."""
    try:
        key = Verifier.parse(next(iter((outside.vkeys or "").split()), ""))
    except Invalid as error:
        faults.append((Kind.NO_KEY, error.message))
        return None
    rotations = JournalEntry.objects.filter(action=ROTATE) if since else JournalEntry.objects.none()
    bodies = dict(rotations.values_list("ticket", "body"))
    places = JournalLeaf.objects.filter(entry__in=list(bodies), number__lt=since).order_by("-number")
    last = places.values_list("entry", flat=True).first()
    return key if last is None else successor(bodies[last])


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


def _look_at_the_end(walk: Walk, anchor: Anchor) -> None:
    """Compare where the entries end with what was signed."""
    newest = JournalCheckpoint.objects.order_by("-size").first()
    stored = newest.size if newest else 0
    outside = anchor.newest.size if anchor.newest else 0
    if max(stored, outside) > walk.number:
        walk.problem(Kind.CUT, max(stored, outside), size=str(walk.number))
    elif stored < walk.number and _is_old(stored):
        walk.problem(Kind.UNSIGNED, stored)


def _is_old(number: int) -> bool:
    """Whether the entry with this number should have been signed by now."""
    ticket = (
        JournalLeaf.objects.filter(number__gte=number).order_by("number").values_list("entry", flat=True)[:1]
    )
    return JournalEntry.objects.filter(ticket__in=ticket, at__lt=_a_minute_ago()).exists()


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


def _look_for_unplaced(walk: Walk) -> None:
    """Find entries without a place. Counting is cheap; only if the count is wrong, they are looked for."""
    if JournalEntry.objects.count() == JournalLeaf.objects.count():
        return
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    waiting = JournalEntry.objects.filter(~Exists(places), at__lt=_a_minute_ago()).order_by("ticket")
    for ticket in waiting.values_list("ticket", flat=True)[:MOST_TOLD]:
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


def _a_minute_ago() -> str:
    return (clock.now() - GRACE).isoformat(timespec="microseconds")[:26] + "Z"


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
