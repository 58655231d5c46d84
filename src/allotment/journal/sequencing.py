"""Gives every entry its place in the tree and signs checkpoints, a moment after entries are recorded.

Invariant: recording never waits for it. Whatever stops it is told by `state()`, and by a flagged entry if it lasts; it
tries again by itself.
Refuses: to go on where it would contradict what was signed (`examining.py`), and to sign with a clock that jumped.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, connections
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from allotment.engine.gate.defects import DEFECTS, words
from allotment.journal import changes, signing, turns
from allotment.journal.anchoring import proved_keys
from allotment.journal.bodies import instant
from allotment.journal.decoding import recorded_at
from allotment.journal.examining import WRONG_KEY, examine, ours, real_time
from allotment.journal.following import Follower
from allotment.journal.growing import Tree, held_back
from allotment.journal.handing_over import giving_up
from allotment.journal.leading import Lead
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.newest import Newest, newest_checkpoint, tree_size
from allotment.journal.telling import LATE_SECONDS, Teller
from allotment.journal.timekeeping import Timekeeper
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.tree.keyrings import ROTATE
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError, Conflict, Invalid, Unavailable

PACE_SECONDS = 0.1
"""Between two rounds, so that many entries share a transaction."""
IDLE_SECONDS = 0.5
"""Between two looks, when nobody in this process recorded anything."""
CHECKPOINT_SECONDS = 1.0
RETRY_SECONDS = 2.0
LOOK_SECONDS = 3600.0
"""Between two looks over everything: old changes go, and whatever came later than anybody waited gets its place."""
LATE = timedelta(seconds=LATE_SECONDS)
"""An entry that waits longer for its place shows that nobody gives places."""
_MOST_COUNTED = 100_000
_MOST_READ = 1_000


@dataclass(frozen=True)
class State:
    """How far the journal is, and what keeps it from going on."""

    size: int
    """Entries with a place in the tree."""
    signed: int
    """Entries under the newest checkpoint."""
    signed_at: datetime | None
    waiting: int
    """Entries without a place."""
    leads: bool
    """Whether this process gives the places."""
    trouble: str = ""
    """What is wrong, in a sentence; empty if nothing is."""
    remedy: str = ""


class Sequencer:
    """The thread. Start it once per process, stop it after the writer."""

    def __init__(self) -> None:
        self._lead = Lead()
        self._tree: Tree | None = None
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-sequencer", daemon=True)
        self._next_checkpoint = 0.0
        self._next_look = 0.0
        self._timekeeper = Timekeeper()
        self._follower = Follower()
        self._teller = Teller()
        self._stop: AllotmentError | None = None
        """What keeps this process from signing."""
        self.failure: AllotmentError | None = None
        """The same, or what keeps an entry from its place."""

    @property
    def leads(self) -> bool:
        """Whether this process gives the places."""
        return self._tree is not None

    def start(self) -> None:
        """Start the thread."""
        global _running  # noqa: PLW0603 - the one of this process, for `state`
        _running = self
        turns.nudge_also(self.nudge)
        self._thread.start()

    def stop(self) -> None:
        """Place and sign what is recorded, as far as this process leads, and end the thread."""
        global _running  # noqa: PLW0603
        if _running is self:
            _running = None
            turns.nudge_no_more(self.nudge)
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """Say that there are new entries. Returns at once, from any thread."""
        if not self._news.is_set():
            self._news.set()

    def round(self, *, is_last: bool = False) -> None:
        """Place what waits, and sign if it is time."""
        doubt = self._timekeeper.doubt()
        try:
            if self._tree is None and not self._lead.take():
                self._follow()
                self._stop = self.failure = None
                return
            if self._tree is None or clock.monotonic() >= self._next_look:
                self._tree = self._look_over()
            # Nothing is signed in the middle of a backlog: what follows would be older than the signature before it.
            while self._tree.grow():
                continue
            is_due = self._tree.has_news and (is_last or clock.monotonic() >= self._next_checkpoint)
            # In doubt the lead is kept: another process on this machine would sign with the same clock.
            self._stop = doubt if is_due else None
            if is_due and doubt is None:
                self._tree.sign()
                self._next_checkpoint = clock.monotonic() + CHECKPOINT_SECONDS
            self.failure = self._stop or self._held_back()
        except (AllotmentError, Error, *DEFECTS) as error:
            self._stop = self.failure = _told(error)
            self.give_up()

    def give_up(self) -> None:
        """Give up the lead; whoever takes it restores the tree from its rows."""
        self._tree = None
        with suppress(Error, OSError):
            self._lead.give_up()

    def _held_back(self) -> AllotmentError | None:
        ticket = None if self._tree is None else self._tree.held_back
        return None if ticket is None else held_back(ticket)

    def _follow(self) -> None:
        # The state tells what does not fit, and the next look tries again.
        with suppress(AllotmentError, Error, *DEFECTS):
            self._follower.look()

    def _look_over(self) -> Tree:
        changes.trim()
        self._next_look = clock.monotonic() + LOOK_SECONDS
        return Tree()

    def tell(self) -> None:
        """Record what lasts, so that it is found later."""
        with suppress(AllotmentError, Error, *DEFECTS):  # the next round tries again
            self._teller.tell_stop(self._stop, leads=self.leads)
            self._teller.tell_held_back(None if self._tree is None else self._tree.held_back)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._news.clear()
                self.round()
                self.tell()
                if self._tree is None and self.failure is not None:
                    connections.close_all()
                    self._stopping.wait(RETRY_SECONDS)
                elif not self._stopping.wait(PACE_SECONDS):
                    self._news.wait(IDLE_SECONDS)
            self.round(is_last=True)
            self.give_up()
        finally:
            connections.close_all()


_running: Sequencer | None = None


def sequence_now() -> State:
    """Place and sign everything recorded until now, or wait until the process that leads has done so.

    For the command line and tests. Returns the state, with the trouble if it could not be done.
    """
    newest = JournalEntry.objects.order_by("-ticket").values_list("ticket", flat=True).first() or 0
    mine = Sequencer()
    deadline = clock.monotonic() + 5 * CHECKPOINT_SECONDS
    while True:
        mine.round(is_last=True)
        led, failure = mine.leads, mine.failure
        mine.give_up()
        if led or failure is not None or is_signed(newest):
            return _state(failure)
        if clock.monotonic() > deadline:
            return _state(_not_yet())
        threading.Event().wait(PACE_SECONDS)


def state() -> State:
    """Return how far the journal is, from any process."""
    return _state(_running.failure if _running is not None else None)


def begin_again(reason: str, by: UUID | None) -> int:
    """Acknowledge that an older or another database stands here now: the journal begins anew, with a new name and key.

    What is in the tables stays. The key in force signs the change too, if it is there. `reason` stays in the journal.
    Returns the ticket of the entry that tells it; raises `Conflict` if there is nothing to acknowledge.
    """
    keys: signing.Keys | None = None
    try:
        keys = signing.read_keys()
        examine(keys)
    except AllotmentError as trouble:
        note = _signed_last(keys)
        if note is None or trouble.code == signing.OPEN_KEY:
            raise
        old = read_checkpoint(note)
        known = None if keys is None or trouble.code == WRONG_KEY else signing.Keys(keys.current)
        if known is None or known != keys:
            signing.keep_aside()
        to = signing.new_signer()
        signing.keep_outside(note)  # what stands there is given up, and nothing else
        return signing.hand_over(known, to, by, {"reason": reason, **giving_up(old, to)})
    raise Conflict(
        gettext("The journal is in order; there is no reason to begin it again."),
        hint=gettext("To change the key, rotate it."),
    )


def _signed_last(keys: signing.Keys | None) -> str | None:
    """Return the newest checkpoint there is: that outside the database, unless the database goes on from it."""
    outside = signing.read_outside()
    sizes: dict[str, int] = {}
    for note in filter(None, (outside, _highest(keys))):
        with suppress(Invalid):
            sizes[note] = read_checkpoint(note).size
    if outside is None or outside not in sizes:
        return next(iter(sizes), None)
    origin = read_checkpoint(outside).origin
    return max((note for note in sizes if read_checkpoint(note).origin == origin), key=sizes.__getitem__)


def _highest(keys: signing.Keys | None) -> str | None:
    """Return the highest checkpoint in the database that is proved; where no key is left to prove it, the highest."""
    trusted = proved_keys((*signing.published_keys(), *(keys.verifiers if keys is not None else ())))
    newest = newest_checkpoint(ours(trusted))
    if newest is not None:
        return newest.opened.note
    for size, note in JournalCheckpoint.objects.order_by("-size").values_list("size", "note")[:_MOST_READ]:
        with suppress(Invalid):
            if read_checkpoint(note).size == size:
                return str(note)
    return None


def _state(failure: AllotmentError | None) -> State:
    leads = _running is not None and _running.leads
    try:
        return _looked_up(failure, leads=leads)
    except (AllotmentError, Error, *DEFECTS) as error:
        told = failure or _told(error)
        return State(0, 0, None, 0, leads, told.message, told.hint)


def _looked_up(failure: AllotmentError | None, *, leads: bool) -> State:
    newest = _newest()
    signed = newest.size if newest else 0
    last = JournalLeaf.objects.order_by("-entry").values_list("entry", flat=True).first() or 0
    waiting = JournalEntry.objects.filter(ticket__gt=last).order_by("ticket")
    failure = failure or _examined() or _held_back() or (_nobody() if _is_late(signed, last) else None)
    return State(
        size=tree_size(),
        signed=signed,
        signed_at=newest.at if newest else None,
        waiting=waiting[:_MOST_COUNTED].count(),
        leads=leads,
        trouble=failure.message if failure else "",
        remedy=failure.hint if failure else "",
    )


def _newest() -> Newest | None:
    """Return the newest checkpoint, by the keys that lie outside the database."""
    known, size = signing.known_keys(), tree_size()
    return newest_checkpoint(ours(known), size) or newest_checkpoint(known, size)


def _is_late(signed: int, last: int) -> bool:
    """Whether the first entry that nobody signed, with a place or without, is older than it should be."""
    unsigned = JournalLeaf.objects.filter(number__gte=signed).order_by("number").values("entry")[:1]
    first_unplaced = JournalEntry.objects.filter(ticket__gt=last).order_by("ticket").values("ticket")[:1]
    late = real_time() - LATE
    texts = [
        text
        for first in (unsigned, first_unplaced)
        for text in JournalEntry.objects.filter(ticket__in=first, at__lt=instant(late)).values_list(
            "body", flat=True
        )
    ]
    return any((recorded_at(text) or late) <= late for text in texts)


def _held_back() -> AllotmentError | None:
    """Return what the process that leads says of key changes without a place, once they wait for long."""
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    waiting = JournalEntry.objects.filter(~Exists(places), action=ROTATE, at__lt=instant(real_time() - LATE))
    ticket = waiting.order_by("ticket").values_list("ticket", flat=True).first()
    return None if ticket is None else held_back(ticket)


def _examined() -> AllotmentError | None:
    """Return what would keep a process from taking the lead; looks only, and makes no key."""
    if not JournalCheckpoint.objects.exists() and signing.read_outside() is None:
        return None
    try:
        examine(signing.read_keys())
    except (AllotmentError, *DEFECTS) as error:
        return _told(error)
    return None


def _told(error: AllotmentError | Exception) -> AllotmentError:
    if isinstance(error, AllotmentError):
        return error
    if isinstance(error, (Error, OSError)):
        return Unavailable(
            gettext("The journal could not be signed: %(why)s") % {"why": error},
            hint=gettext(
                "Look at this installation's disk and database; entries are recorded and will be signed later."
            ),
        )
    return Unavailable(
        gettext(
            "The journal could not be signed, because of a defect in Allotment or a damaged row: %(why)s."
        )
        % {"why": words(error)},
        hint=gettext(
            "Run “allotment journal verify”; it says what is damaged. If nothing is, report this. Entries are recorded "
            "and will be signed later."
        ),
        code="defect",
    )


def _nobody() -> AllotmentError:
    return Unavailable(
        gettext("Entries wait to be signed, and nobody signs them."),
        hint=gettext("Start the server (“allotment up”); it signs what waits."),
    )


def _not_yet() -> AllotmentError:
    return Unavailable(
        gettext(
            "What was recorded just now is not signed yet: another process signs, and it takes its time."
        ),
        hint=gettext(
            "Try again in a moment. If it stays so, “allotment doctor” on the machine of the server says why."
        ),
    )


def has_begun() -> bool:
    """Whether anything has a place, or was signed here: nothing may be mended then before it was verified."""
    return (
        JournalLeaf.objects.exists()
        or JournalCheckpoint.objects.exists()
        or signing.read_outside() is not None
    )


def is_signed(ticket: int) -> bool:
    """Whether the newest checkpoint covers the entries up to this ticket."""
    newest = _newest()
    place = JournalLeaf.objects.filter(entry__gte=ticket).values_list("number", flat=True).first()
    return ticket == 0 or (place is not None and newest is not None and place < newest.size)
