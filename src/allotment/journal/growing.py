"""The tree in the hands of the one process that leads: restored from rows, grown in batches, signed.

Invariant: a place in the tree is given once, and no two checkpoints contradict each other.
Refuses: to grow or sign a database that is older than what was signed, that differs from it, or whose key is another
(`examining.py`); a place for an entry that hands over to a key which is not in the key file.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connections, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from allotment.journal import signing, turns
from allotment.journal.anchoring import proved_keys
from allotment.journal.arriving import TAIL, Arrivals
from allotment.journal.examining import (
    Signed,
    examine,
    may_take_over,
    ours,
    real_time,
    require_past,
)
from allotment.journal.handing_over import handover
from allotment.journal.inserting import append_checkpoint, append_leaves, append_nodes
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.newest import signed_size, tree_size
from allotment.journal.proving import StoredHashes
from allotment.journal.signing import Keys
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
        signing.publish(*proved_keys((*signing.published_keys(), keys.current.verifier)))
        # Before a replaced key leaves the key file: it may have signed what is there.
        if not self._signed.is_given_up:
            _catch_up(self._signed)
        self._keys = signing.settle(keys, self._signed.size)
        self._in_database = signed_size(ours(self._keys.verifiers))
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

    def grow(self) -> bool:
        """Give the next entries their places; return whether more may wait."""
        arrived = self._arrivals.new("body", most=BATCH)
        waiting: list[Row] = [*self._held_back, *self._unplaced, *arrived]
        self._unplaced = []
        self._held_back = self._not_to_stand(waiting)
        held_back = {ticket for ticket, _ in self._held_back}
        rows = [row for row in waiting if row[0] not in held_back]
        if rows:
            first = self._edge.size
            hashes = [leaf_hash(body.encode()) for _, body in rows]
            nodes = self._edge.extend(hashes)
            with turns.writing(), transaction.atomic():
                append_leaves(first, [ticket for ticket, _ in rows], hashes)
                append_nodes(nodes)
        return len(arrived) >= BATCH

    @property
    def held_back(self) -> int | None:
        """The first ticket that gets no place, if there is one; everything else goes on."""
        return self._held_back[0][0] if self._held_back else None

    def sign(self) -> None:
        """Sign a checkpoint over all entries that have a place, and keep it in the file too."""
        if signed_size(ours(self._keys.verifiers)) != self._in_database:
            raise Conflict(
                gettext("Another process signed the journal meanwhile."),
                hint=gettext("Nothing needs to be done; this process will look at it anew."),
            )
        keys = signing.in_force(signing.read_keys(), self._signed.size)
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
        if JournalCheckpoint.objects.filter(size=checkpoint.size).exists():
            raise _in_the_way(checkpoint.size)
        at = self._time()
        text = sign_checkpoint(checkpoint, signers, at)
        with turns.writing(), transaction.atomic():
            append_checkpoint(checkpoint.size, text, at)
            transaction.on_commit(lambda: signing.keep_outside(text))
        self._signed = Signed(checkpoint.size, at)
        self._in_database = checkpoint.size
        self._keys = signing.settle(keys, checkpoint.size)

    def _time(self) -> datetime:
        """Return the time to sign with: the clock's, and that of the newest signature while the clock is just behind.

        Raises `Conflict` where it is far behind: one of the two is wrong, and only a person can tell which.
        """
        now = real_time()
        require_past(self._signed.at, now)
        return max(now, self._signed.at)

    def _not_to_stand(self, waiting: Sequence[Row]) -> list[Row]:
        """Return the key changes among `waiting` that name no key of the key file, which is read for them only."""
        changes = [row for row in waiting if _is_change(row[1])]
        if not changes:
            return []
        keys = signing.in_force(signing.read_keys(), self._signed.size)
        return [row for row in changes if not _may_stand(row[1], keys)]


def _is_change(body: str) -> bool:
    """Whether an entry hands over to another key, or may be read so."""
    try:
        return handover(body) is not None
    except Invalid:
        return True


def _may_stand(body: str, keys: Keys) -> bool:
    try:
        key = handover(body)
    except Invalid:
        return False
    return key is None or may_take_over(key, keys)


def _in_the_way(size: int) -> Conflict:
    return Conflict(
        gettext(
            "A row that is not of this journal stands where the checkpoint over %(size)d entries belongs."
        )
        % {"size": size},
        hint=gettext("Keep a copy of it, as evidence. The next entry is signed past it."),
        code="strange-checkpoint",
    )


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
    newest = signed.newest
    outside = signing.read_outside()
    if outside is not None and signed.size > (newest.size if newest else 0):
        before = JournalCheckpoint.objects.filter(size__lt=signed.size).order_by("-size")
        at = before.values_list("at", flat=True).first()
        if at is None or at.replace(microsecond=0) != signed.at:
            at = signed.at
        with turns.writing(), transaction.atomic():
            append_checkpoint(signed.size, outside, at)
    elif newest is not None:
        kept = None if outside is None else read_checkpoint(outside)
        tree = newest.opened.checkpoint
        if kept is None or kept.size < tree.size or kept.origin != tree.origin:
            signing.keep_outside(newest.opened.note)


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
