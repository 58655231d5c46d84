"""Verifying the whole journal: every text, every hash, every signature, every time.

The pass itself is in `walking.py`. Here are its rows, what only shows afterwards, and what lies outside the database:
the first public key, and the newest checkpoint, without which a cut end would show nowhere; besides, keys and the
state of a witness from elsewhere, if somebody has them. What must be there is read first and the rows after it, so
that entries and checkpoints may be written meanwhile.

Invariant: a journal that passes holds, in order, exactly the entries that were signed, and each is shown where it was
recorded. Nobody counts the checkpoints between the first and the newest: that some are gone shows nowhere and changes
nothing, as an entry is as young as those before it. Refuses: nothing; what is wrong is found and told, also in rows
that hold what Allotment never writes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Exists, OuterRef, Q

from allotment.journal import columns
from allotment.journal.anchoring import Anchor, Begun, Sighting, chain_at, continues
from allotment.journal.bodies import instant
from allotment.journal.decoding import id_of, is_invented, is_uuid, moment_of, recorded_at
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.personal import missing
from allotment.journal.problems import MOST_TOLD, Kind, Problem
from allotment.journal.proving import StoredHashes
from allotment.journal.stored_rows import LARGEST, claims, nodes, rows
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, SignedCheckpoint, open_checkpoint, read_checkpoint
from allotment.journal.tree.hashing import CompactRange
from allotment.journal.tree.notes import Verifier
from allotment.journal.walking import IS_ROTATION, TOLERANCE, Claim, Walk
from allotment.journal.witnessing import Seen
from allotment.kernel import clock
from allotment.kernel.collecting import collecting_seldom
from allotment.kernel.errors import AllotmentError, Invalid

GRACE = timedelta(minutes=1)
"""So long may an entry wait for its place and its signature."""
_CHUNK = 16_384
_LEVELS = 62
"""Beyond any that the tree has."""
_NO_FILE = "there is no such file that can be read."

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


@collecting_seldom()
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
    walk = Walk(_edge(since), anchor, claims(since), clock.now(), _ticket_before(since))
    for kind, why in faults:
        walk.problem(kind, since, why=why)
    is_complete = _pass(walk, progress)
    if is_complete:
        _look_at_the_end(walk, anchor, before)
        _look_at_places(walk, anchor, since)
        _look_at_rows(walk, since)
        _look_at_tickets(walk)
        _look_at_columns(walk)
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
        problems=tuple(walk.problems),
        problem_count=walk.problem_count,
        invented=walk.invented,
        begun=tuple(walk.begun),
        seconds=clock.monotonic() - started,
        is_complete=is_complete,
    )


def _edge(since: int) -> CompactRange:
    try:
        return proofs.edge(StoredHashes(), since)
    except (Invalid, TypeError) as error:  # TypeError: a hash that is no bytes
        raise Invalid(
            f"Verifying cannot begin at {since}: {error}",
            hint="Verify everything; that says what is missing.",
            where="since",
        ) from error


def _pass(walk: Walk, progress: Progress | None) -> bool:
    """Take all rows; return False if interrupted."""
    last = JournalLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    size = 0 if last is None else last + 1
    for page in rows(walk.number, size):
        walk.take(page)
        for number, names in missing(walk.committed):
            walk.problem(Kind.PERSONAL, number, names=", ".join(names))
        if progress is not None and not progress(walk.number, size):
            return False
    return True


def _before() -> _Before:
    numbered = JournalCheckpoint.objects.filter(size__lte=LARGEST)
    newest = numbered.order_by("-size").values_list("size", flat=True).first()
    return _Before(newest or 0, instant(clock.now() - GRACE))


def _ticket_before(since: int) -> int:
    """Return the ticket of the entry before those that are verified."""
    found = JournalLeaf.objects.filter(number=since - 1).values_list("entry", flat=True).first()
    return found if isinstance(found, int) else 0


def _given(elsewhere: Elsewhere) -> list[list[Verifier]]:
    """Return the keys given, and those of the witness; raises `Invalid` for one that cannot be read."""
    keys = [elsewhere.keys, elsewhere.seen.keys if elsewhere.seen else ()]
    return [[Verifier.parse(one) for one in some] for some in keys if some]


def _anchor(outside: Outside, elsewhere: Elsewhere, since: int, faults: list[tuple[Kind, str]]) -> Anchor:
    """Return what the walk is compared with. The key in force where it begins is the first, or proved from it."""
    published = (outside.vkeys or "").split() or list(elsewhere.keys)
    chain: tuple[Verifier, ...] = ()
    begun: tuple[Begun, ...] = ()
    if not published:
        faults.append((Kind.NO_KEY, _NO_FILE if outside.vkeys is None else "the file is empty."))
    else:
        try:
            first = Verifier.parse(published[0])
            chain, begun = chain_at(first, since, tuple(published))
        except (AllotmentError, TypeError) as error:  # TypeError: a hash that is no bytes
            faults.append((Kind.UNPROVED_KEY if since else Kind.NO_KEY, str(error)))
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
            faults.append((Kind.OUTSIDE, _NO_FILE))
        return None
    try:
        return read_checkpoint(outside.checkpoint)
    except Invalid as error:
        faults.append((Kind.OUTSIDE, error.message))
        return None


def _look_at_the_end(walk: Walk, anchor: Anchor, before: _Before) -> None:
    """Compare where the entries end with what was signed before they were read."""
    rows = [one for one in islice(claims(walk.number + 1), MOST_TOLD) if one.size <= before.signed]
    forged = [
        one for one in rows if walk.chain and not _is_signed(one, [*walk.chain, *_readable(anchor.published)])
    ]
    for one in forged:
        walk.problem(Kind.SIGNATURE, one.size, why="No key of this journal did, and it has fewer entries.")
    kept = [one.size for one in rows if one not in forged]
    signed = max([*kept, *(one.checkpoint.size for one in anchor.sightings)], default=0)
    if signed > walk.number:
        walk.problem(Kind.CUT, signed, size=str(walk.number))
    elif not rows and before.signed < walk.number and _is_late(before):
        walk.problem(Kind.UNSIGNED, before.signed)


def _is_signed(claim: Claim, keys: Sequence[Verifier]) -> bool:
    try:
        return open_checkpoint(claim.note, keys).checkpoint.size == claim.size
    except Invalid:
        return False


def _readable(keys: Sequence[str]) -> Iterator[Verifier]:
    for one in keys:
        with suppress(Invalid):
            yield Verifier.parse(one)


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
        if one.checkpoint.size < since and not _continues(one.checkpoint, since):
            walk.problem(one.kind, one.checkpoint.size)


def _continues(sighting: Checkpoint, size: int) -> bool:
    try:
        return continues(sighting, size)
    except TypeError:  # a hash that is no bytes
        return False


def _look_at_rows(walk: Walk, since: int) -> None:
    """Compare the rows of the tree with those computed; if the tree is not the signed one, they cannot tell more."""
    for size in JournalCheckpoint.objects.exclude(size__gte=0, size__lte=LARGEST).values_list(
        "size", flat=True
    )[:1]:
        walk.problem(
            Kind.SIGNATURE, 0, why=f"There is a row over “{size}” entries, which Allotment never writes."
        )
    if not walk.is_whole:
        return
    expected = {(one.level, one.index): one.hash for one in walk.nodes}
    for stored in nodes():
        is_possible = 0 <= stored.level < _LEVELS
        end = (stored.index + 1) << stored.level if is_possible else walk.number
        if since < end <= walk.number and expected.pop((stored.level, stored.index), b"") != stored.hash:
            walk.problem(Kind.ROW, stored.index << stored.level if is_possible else 0)
    for level, index in expected:
        walk.problem(Kind.ROW, index << level)


def _look_at_tickets(walk: Walk) -> None:
    """Find entries whose ticket is that of another, so that they are shown out of order.

    On SQLite only a change of the key is placed later than it came. On PostgreSQL so is what commits late; but it took
    its ticket before the entries that passed it by, so it cannot be younger than those.
    """
    one_at_a_time = connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
    for number in walk.late:
        if walk.problem_count > MOST_TOLD:
            return
        places = (
            JournalLeaf.objects.filter(number__lt=number).order_by("entry").values_list("entry", flat=True)
        )
        ticket = JournalLeaf.objects.filter(number=number).values_list("entry", flat=True)[0]
        text = _text_at(ticket)
        if not one_at_a_time:
            passed_by = _text_at(places.filter(entry__gt=ticket).first())
            at, before = moment_of(text), moment_of(passed_by)
            is_moved = at and before and at > before + 2 * TOLERANCE and not is_invented(passed_by)
        else:
            is_moved = not text.startswith(IS_ROTATION)
        if is_moved:
            walk.problem(Kind.TICKET, number)


def _text_at(ticket: int | None) -> str:
    if ticket is None:
        return ""
    return JournalEntry.objects.filter(ticket=ticket).values_list("body", flat=True).first() or ""


def _look_at_columns(walk: Walk) -> None:
    """Find rows that are searched by other values than those of their text."""
    for ticket, names in columns.differing():
        walk.problem(Kind.SHOWN, ticket, names=", ".join(names))


def _look_for_unplaced(walk: Walk, before: _Before) -> None:
    """Find entries without a place that no sequencer is about to give one, whatever time they claim.

    Those of a demonstration claim an earlier time; the id tells when they were made.

    After a walk over all places that found an entry at each, as many places as entries leave none without; counting is
    quick. Places are counted first: entries that come meanwhile make the numbers differ, and never hide one.
    """
    if walk.began == 0 and not walk.problems and JournalLeaf.objects.count() == JournalEntry.objects.count():
        return
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    waiting = Q(at__gte=before.late, at__lte=instant(clock.now() + TOLERANCE))
    left = JournalEntry.objects.filter(~Exists(places)).exclude(waiting).order_by("ticket")
    for ticket, body in left.values_list("ticket", "body").iterator(MOST_TOLD):
        at = recorded_at(body) if is_invented(body) else None
        if at is None or instant(at) < before.late:
            walk.problem(Kind.UNPLACED, ticket)


def _look_for_repeated(walk: Walk, since: int) -> None:
    """Find which entries have an id that came before; read again only if there are any."""
    repeated = walk.ids.repeated()
    seen: set[str] = set()
    for page in rows(since, walk.number) if repeated else ():
        for number, _, text, _ in page:
            one = id_of(text or "") or ""
            if not is_uuid(one) or walk.ids.halves([one])[0] not in repeated:
                continue
            if one in seen:
                walk.problem(Kind.REPEATED, number, id=one)
            seen.add(one)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
