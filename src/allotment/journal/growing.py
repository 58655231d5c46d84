"""The tree in the hands of the one process that leads: restored from rows, grown in batches, signed.

Invariant: a place in the tree is given once, and no two checkpoints contradict each other.
Refuses: to grow or sign a database that is older than what was signed, that differs from it, or whose key is another
(`examining.py`); a place for an entry that hands over to a key which is not in the key file.
"""

from datetime import datetime

from django.db import connections, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from allotment.journal import signing, turns
from allotment.journal.arriving import TAIL, Arrivals
from allotment.journal.examining import Signed, examine, may_take_over, real_time, require_past, tree_size
from allotment.journal.handing_over import handover
from allotment.journal.inserting import append_checkpoint, append_leaves, append_nodes
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.proving import StoredHashes
from allotment.journal.signing import checkpoint_file
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, read_checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.kernel.errors import Conflict, Invalid
from allotment.kernel.settings import settings

Row = tuple[int, str]
"""Ticket and text of an entry."""

BATCH = 500
"""Entries numbered in one transaction: few enough that whoever records meanwhile hardly waits."""


class Tree:
    """The growing tree. For the thread that leads, as long as it leads; after any error it is restored anew."""

    def __init__(self) -> None:
        keys = signing.read_keys()
        self._signed = examine(keys)
        signing.publish(keys.current.verifier)
        if not self._signed.is_given_up:
            _catch_up(
                self._signed
            )  # before a replaced key leaves the key file: it may have signed what is there
        self._keys = signing.settle(keys, self._signed.size)
        self._edge: CompactRange = proofs.edge(StoredHashes(), tree_size())
        self._arrivals = _arrivals()
        self._unplaced = _passed_over()
        self._held_back: list[Row] = []

    @property
    def size(self) -> int:
        """How many entries have a place."""
        return self._edge.size

    @property
    def has_news(self) -> bool:
        """Whether there are entries that no checkpoint covers."""
        return self.size > self._signed.size

    def grow(self) -> int:
        """Give the next entries their places; return how many there were."""
        waiting = [*self._held_back, *self._unplaced, *self._arrivals.new("body", most=BATCH)]
        self._unplaced = []
        self._held_back = [row for row in waiting if not self._may_stand(row[1])]
        held_back = {ticket for ticket, _ in self._held_back}
        rows = [row for row in waiting if row[0] not in held_back]
        if not rows:
            return 0
        first = self._edge.size
        hashes = [leaf_hash(body.encode()) for _, body in rows]
        nodes = self._edge.extend(hashes)
        with turns.writing(), transaction.atomic():
            append_leaves(first, [ticket for ticket, _ in rows], hashes)
            append_nodes(nodes)
        return len(rows)

    @property
    def trouble(self) -> Conflict | None:
        """What gets no place, if there is such an entry; everything else goes on."""
        return held_back(self._held_back[0][0]) if self._held_back else None

    def sign(self) -> None:
        """Sign a checkpoint over all entries that have a place, and keep it in the file too."""
        if _signed_size() != self._signed.size:
            raise Conflict(
                gettext("Another process signed the journal meanwhile."),
                hint=gettext("Nothing needs to be done; this process will look at it anew."),
            )
        keys = signing.settle(signing.read_keys(), self._signed.size)
        if keys.current.verifier != self._keys.current.verifier:
            raise Conflict(
                gettext("The key file %(path)s was exchanged.") % {"path": settings().journal_key_file},
                hint=gettext(
                    "Nothing needs to be done if you began the journal again; else put the old file back."
                ),
            )
        signers = [keys.current]
        following = keys.following
        if following is not None and signing.place_of(following.verifier) is not None:
            signers.append(following)
        checkpoint = Checkpoint(signers[-1].verifier.name, self._edge.size, self._edge.root())
        at = self._time()
        text = sign_checkpoint(checkpoint, signers, at)
        with turns.writing(), transaction.atomic():
            append_checkpoint(checkpoint.size, text, at)
            transaction.on_commit(lambda: signing.replace_file(checkpoint_file(), text))
        self._signed = Signed(checkpoint.size, at)
        self._keys = signing.settle(keys, checkpoint.size)

    def _time(self) -> datetime:
        """Return the time to sign with: the clock's, and that of the newest signature while the clock is just behind.

        Raises `Conflict` where it is far behind: one of the two is wrong, and only a person can tell which.
        """
        now = real_time()
        require_past(self._signed.at, now)
        return max(now, self._signed.at)

    def _may_stand(self, body: str) -> bool:
        try:
            key = handover(body)
        except Invalid:
            return False
        return key is None or may_take_over(key, signing.settle(signing.read_keys(), self._signed.size))


def held_back(ticket: int) -> Conflict:
    """Say that an entry gets no place, because it hands over to a key that nobody here knows."""
    return Conflict(
        gettext(
            "Entry %(ticket)d would hand the journal over to a key that is not in the key file. It gets no place."
        )
        % {"ticket": ticket},
        hint=gettext(
            "If you changed the key on another server, put the new key into the key file of this one too. Else "
            "somebody wrote the entry into the database: keep a copy of it, as evidence."
        ),
        code="unknown-successor",
    )


def _catch_up(signed: Signed) -> None:
    """Write the file again where a full disk or a crash kept it behind the database, or the row behind the file."""
    newest = JournalCheckpoint.objects.order_by("-size").first()
    outside = signing.read_outside()
    if outside is not None and signed.size > (newest.size if newest else 0):
        is_same_second = newest is not None and newest.at.replace(microsecond=0) == signed.at
        with turns.writing(), transaction.atomic():
            append_checkpoint(signed.size, outside, newest.at if newest and is_same_second else signed.at)
    elif newest is not None:
        kept = None if outside is None else read_checkpoint(outside)
        if kept is None or kept.size < newest.size or kept.origin != read_checkpoint(newest.note).origin:
            transaction.on_commit(lambda: signing.replace_file(checkpoint_file(), newest.note))


def _arrivals() -> Arrivals:
    """Stand behind the newest entry that has a place."""
    newest = JournalLeaf.objects.order_by("-entry").values_list("entry", flat=True).first() or 0
    tail = JournalLeaf.objects.filter(entry__gt=newest - TAIL).values_list("entry", flat=True)
    return Arrivals(JournalEntry.objects.all(), "ticket", newest=newest, tail=set(tail))


def _passed_over() -> list[Row]:
    """Return entries that committed so late that nobody waited for them, and those that were held back.

    On SQLite nothing commits late, so there are only the latter.
    """
    newest = JournalLeaf.objects.order_by("-entry").values_list("entry", flat=True).first()
    if newest is None:
        return []
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    rows = JournalEntry.objects.filter(~Exists(places), ticket__lte=newest - TAIL).order_by("ticket")
    if connections[JournalEntry.objects.db].vendor == "sqlite":
        rows = rows.filter(action=ROTATE)
    return list(rows.values_list("ticket", "body"))


def _signed_size() -> int:
    size = JournalCheckpoint.objects.order_by("-size").values_list("size", flat=True).first()
    return size or 0
