"""The tree in the hands of the one process that leads: restored from rows, grown in batches, signed.

Invariant: a place in the tree is given once, and no two checkpoints contradict each other.
Refuses: to grow or sign a database that is older than what was signed, that differs from it, or whose key is another.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connections, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from allotment.journal import signing, turns
from allotment.journal.arriving import TAIL, Arrivals
from allotment.journal.inserting import append_checkpoint, append_leaves, append_nodes
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.proving import StoredHashes
from allotment.journal.signing import Keys
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.kernel.errors import Conflict, Invalid
from allotment.kernel.settings import settings

BATCH = 500
"""Entries numbered in one transaction: few enough that whoever records meanwhile hardly waits."""


WRONG_KEY = "wrong-journal-key"


def real_time() -> datetime:
    """Return the time that checkpoints are signed with: not `kernel.clock`, which demo data sets back."""
    return datetime.now(UTC)


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Signed:
    """What was signed last."""

    size: int = 0
    at: datetime = _NEVER


def checkpoint_file() -> Path:
    """Return where the newest checkpoint is kept outside the database."""
    return settings().home / "journal.checkpoint"


def tree_size() -> int:
    """Return how many entries have a place."""
    last = JournalLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    return 0 if last is None else last + 1


def examine(keys: Keys) -> Signed:
    """Compare the database with what was signed; raises `Conflict` if growing it would contradict that."""
    abandoned = _abandoned()
    newest = JournalCheckpoint.objects.order_by("-size").first()
    size = tree_size()
    if newest is not None:
        checkpoint = read_checkpoint(newest.note)
        if checkpoint.origin not in abandoned:
            _require_key(newest.note, keys)
            _require_newest_key(newest.size, keys)
            _require_same(checkpoint, size)
    file = checkpoint_file()
    if file.exists():
        kept = read_checkpoint(file.read_text(encoding="utf-8"))
        if kept.origin not in abandoned:
            _require_key(file.read_text(encoding="utf-8"), keys)
            _require_same(kept, size)
    return Signed() if newest is None else Signed(newest.size, newest.at)


class Tree:
    """The growing tree. For the thread that leads, as long as it leads; after any error it is restored anew."""

    def __init__(self) -> None:
        keys = signing.read_keys()
        self._signed = examine(keys)
        signing.publish(keys.current.verifier)
        self._keys = signing.settle(keys, self._signed.size)
        _catch_up_outside()
        self._edge: CompactRange = proofs.edge(StoredHashes(), tree_size())
        self._arrivals = _arrivals()
        self._unplaced = _passed_over()

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
        rows = [*self._unplaced, *self._arrivals.new("body", most=BATCH)]
        self._unplaced = []
        if not rows:
            return 0
        first = self._edge.size
        hashes = [leaf_hash(body.encode()) for _, body in rows]
        nodes = self._edge.extend(hashes)
        with turns.writing(), transaction.atomic():
            append_leaves(first, [ticket for ticket, _ in rows], hashes)
            append_nodes(nodes)
        return len(rows)

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
        at = max(real_time(), self._signed.at)
        text = sign_checkpoint(checkpoint, signers, at)
        with turns.writing(), transaction.atomic():
            append_checkpoint(checkpoint.size, text, at)
            transaction.on_commit(lambda: signing.replace_file(checkpoint_file(), text))
        self._signed = Signed(checkpoint.size, at)
        self._keys = signing.settle(keys, checkpoint.size)


def _catch_up_outside() -> None:
    """Write the file again where a full disk or a crash kept it behind the database."""
    newest = JournalCheckpoint.objects.order_by("-size").first()
    if newest is None:
        return
    file = checkpoint_file()
    if not file.exists() or read_checkpoint(file.read_text(encoding="utf-8")).size < newest.size:
        transaction.on_commit(lambda: signing.replace_file(file, newest.note))


def _arrivals() -> Arrivals:
    """Stand behind the newest entry that has a place."""
    newest = JournalLeaf.objects.order_by("-entry").values_list("entry", flat=True).first() or 0
    tail = JournalLeaf.objects.filter(entry__gt=newest - TAIL).values_list("entry", flat=True)
    return Arrivals(JournalEntry.objects.all(), "ticket", newest=newest, tail=set(tail))


def _passed_over() -> list[tuple[int, str]]:
    """Return entries that committed so late that nobody waited for them; on SQLite there are none."""
    newest = JournalLeaf.objects.order_by("-entry").values_list("entry", flat=True).first()
    if newest is None or connections[JournalEntry.objects.db].vendor == "sqlite":
        return []
    places = JournalLeaf.objects.filter(entry=OuterRef("ticket"))
    rows = JournalEntry.objects.filter(~Exists(places), ticket__lte=newest - TAIL).order_by("ticket")
    return list(rows.values_list("ticket", "body"))


def _signed_size() -> int:
    size = JournalCheckpoint.objects.order_by("-size").values_list("size", flat=True).first()
    return size or 0


def _abandoned() -> frozenset[str]:
    """Return the origins after which the journal began again, with everybody's knowledge."""
    entries = JournalEntry.objects.filter(action=ROTATE)
    return frozenset(str(one.details["abandoned"]) for one in entries if "abandoned" in one.details)


def _require_key(note: str, keys: Keys) -> None:
    try:
        open_checkpoint(note, keys.verifiers)
    except Invalid as error:
        raise _wrong_key(gettext("The key in %(path)s did not sign this journal.")) from error


def _require_newest_key(signed: int, keys: Keys) -> None:
    """Refuse a key that handed over in what is signed: the checkpoint of the change bears its signature too."""
    for entry in JournalEntry.objects.filter(action=ROTATE).order_by("-ticket"):
        place = JournalLeaf.objects.filter(entry=entry.ticket).values_list("number", flat=True).first()
        if place is not None and place < signed:
            if entry.details["vkey"] not in {one.text for one in keys.verifiers}:
                raise _wrong_key(gettext("The key in %(path)s was replaced by another."))
            return


def _wrong_key(what: str) -> Conflict:
    return Conflict(
        what % {"path": settings().journal_key_file},
        hint=gettext(
            "Put back the key file that belongs to this database. If it is lost, begin again with a new key."
        ),
        code=WRONG_KEY,
    )


def _require_same(signed: Checkpoint, size: int) -> None:
    if signed.size > size:
        raise Conflict(
            gettext(
                "The database is older than what was signed: it has places for %(size)d entries, and %(signed)d were "
                "signed."
            )
            % {"size": size, "signed": signed.size},
            hint=gettext(
                "Put back the newest database. If it is lost and you restored an older one on purpose, say so by "
                "beginning the journal again; that is recorded."
            ),
            code="journal-older",
        )
    if proofs.root(StoredHashes(), signed.size) != signed.root:
        raise Conflict(
            gettext("The database differs from what was signed over the first %(signed)d entries.")
            % {"signed": signed.size},
            hint=gettext("Run “allotment journal verify”; it says what was changed."),
            code="journal-differs",
        )
