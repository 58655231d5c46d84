"""Whether the journal may be grown and signed: what stands in the database is compared with what was signed before.

Whoever rules the database can write any row, so no row is believed alone. What is believed lies outside: the key file,
the public keys in `journal.vkeys`, and the newest checkpoint in `journal.checkpoint`.

Invariant: what passes begins with exactly the entries that were signed; what follows them fits its text and hands over
to no key but one in the key file.
Refuses: a beginning anew that the new key did not sign, and any after the new key has signed its first checkpoint; a
row of a checkpoint that is not ours, until the journal begins again. Then such rows are passed over.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext

from allotment.journal import signing
from allotment.journal.anchoring import proved_keys
from allotment.journal.handing_over import GivenUp, given_up, handover
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.newest import Newest, newest_checkpoint, opened_row, tree_size
from allotment.journal.proving import StoredHashes
from allotment.journal.signing import Keys
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, open_checkpoint, read_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Verifier
from allotment.kernel.errors import Conflict, Invalid

WRONG_KEY = "wrong-journal-key"
SLACK = timedelta(minutes=1)
"""So much may the clock be behind the newest signature, as when a clock that ran ahead was set right."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_AT_ONCE = 500


@dataclass(frozen=True)
class Signed:
    """What was signed last, as the database or the file outside it says, whichever knows more."""

    size: int = 0
    at: datetime = _NEVER
    """No signature may be dated before it."""
    is_given_up: bool = False
    """Whether it is to be left behind: the journal begins again, and has not been signed since."""
    newest: Newest | None = None
    """The newest checkpoint in the database that a key in force signed."""


def real_time() -> datetime:
    """Return the time that checkpoints are signed with: not `kernel.clock`, which demo data sets back."""
    return datetime.now(UTC)


def examine(keys: Keys) -> Signed:
    """Compare the database with what was signed; raises `Conflict` if growing it would contradict that."""
    # In this order, because another process may be signing: what is read later is never the shorter.
    outside = signing.read_outside()
    highest = JournalCheckpoint.objects.order_by("-size").values_list("size", "note").first()
    size = tree_size()
    mine = ours(keys.verifiers)
    newest = newest_checkpoint(mine, size)
    signed = Signed()
    if outside is not None:
        kept = read_checkpoint(outside)
        if is_given_up(kept, keys):
            if newest is None:
                return _given_up(kept, size, keys)
        else:
            # A server that did not lead for long has a checkpoint of a key before, and the database goes on from it.
            is_behind = newest is not None and newest.size >= kept.size
            before = signing.published_keys() if is_behind else ()
            signed = _require_signed(outside, size, (*before, *keys.verifiers))
    if highest is not None and highest[0] > signed.size:
        opened = opened_row(highest[0], highest[1], mine)
        if opened is not None:
            require_same(opened.checkpoint, size)
        else:
            _require_excused(highest[0], size, keys, is_right_key=newest is not None or signed.size > 0)
    if newest is not None and newest.size >= signed.size:
        require_same(newest.opened.checkpoint, size)
        # The row's time is finer than that of the signature, and only believed where they agree.
        is_same_second = newest.at.replace(microsecond=0) == newest.opened.at
        at = newest.at if is_same_second else newest.opened.at
        signed = Signed(newest.size, max(signed.at, at))
    elif signed.size and JournalCheckpoint.objects.filter(size=signed.size).exists():
        raise strange_row(signed.size)
    require_past(signed.at, real_time())
    _require_newest_key(signed.size, keys)
    _require_rest(signed.size, size, keys)
    return Signed(signed.size, signed.at, newest=newest)


def may_take_over(key: Verifier, keys: Keys) -> bool:
    """Whether an entry that hands over to `key` may have a place: the key file says so, no row does.

    Else whoever can write a row could name a key of their own, and the key in force would sign it.
    """
    if keys.following is not None and key == keys.following.verifier:
        return True
    outside = signing.read_outside()
    has_signed = outside is None or read_checkpoint(outside).origin == key.name
    return key == keys.current.verifier and not has_signed  # begun again, and the old key is lost


def ours(keys: Sequence[Verifier]) -> tuple[Verifier, ...]:
    """Return those of `keys`, oldest first, whose checkpoints count: since a beginning anew, those of the new name.

    A tree that is left behind may have checkpoints over more entries than there are now.
    """
    has_begun = bool(keys) and any(_begun(keys[-1]))
    return tuple(one for one in keys if one.name == keys[-1].name or not has_begun)


def is_given_up(kept: Checkpoint, keys: Keys) -> bool:
    """Whether the key in force says itself that it begins again after what was signed under another name."""
    key = keys.verifiers[-1]
    return kept.origin != key.name and any(told.origin == kept.origin for told in _begun(key))


def _begun(key: Verifier) -> Iterator[GivenUp]:
    """Yield what a key that is trusted, of the same name as `key`, says that it gave up."""
    trusted = {key.text, *signing.published()}
    bodies = JournalEntry.objects.filter(action=ROTATE).values_list("body", flat=True)
    for told in map(given_up, bodies):
        if told is not None and told.by.name == key.name and told.by.text in trusted:
            yield told


def _given_up(kept: Checkpoint, size: int, keys: Keys) -> Signed:
    """Return what is left behind: up to the newest checkpoint that is proved, and not the beginning anew itself."""
    trusted = proved_keys((*signing.published_keys(), *keys.verifiers))
    newest = newest_checkpoint(trusted, size)
    until = newest.size if newest is not None else 0
    if kept.origin not in {one.name for one in trusted}:
        until = min(kept.size, size)  # no key of that time is left, so what a person gave up is all there is
    beginning = signing.place_of(keys.verifiers[-1])
    until = until if beginning is None else min(until, beginning)
    _require_rest(until, size, keys, {one.text for one in trusted})
    return Signed(until, is_given_up=True)


def _require_excused(highest: int, size: int, keys: Keys, *, is_right_key: bool) -> None:
    """Refuse a highest row that is not ours, unless the journal has begun again since."""
    if not is_right_key:
        raise _wrong_key(gettext("The key in %(path)s did not sign this journal."))
    if not any(_begun(keys.verifiers[-1])):
        _require_newest_key(size, keys)
        raise strange_row(highest)


def strange_row(size: int) -> Conflict:
    """Say that a row is not ours."""
    return Conflict(
        gettext("The row of the checkpoint over %(size)d entries was not written by Allotment.")
        % {"size": size},
        hint=gettext(
            "Somebody wrote it into the database: keep a copy of it, as evidence, and find out who. Then go on with "
            "“allotment journal begin-again”."
        ),
        code="strange-checkpoint",
    )


def _require_signed(note: str, size: int, trusted: Collection[Verifier]) -> Signed:
    """Return what a checkpoint covers; refuses one that is not ours, or not over these entries."""
    try:
        opened = open_checkpoint(note, trusted)
    except Invalid as error:
        raise _wrong_key(gettext("The key in %(path)s did not sign this journal.")) from error
    require_same(opened.checkpoint, size)
    return Signed(opened.checkpoint.size, opened.at)


def _require_newest_key(signed: int, keys: Keys) -> None:
    """Refuse a key that handed over in what is signed: the checkpoint of the change bears its signature too."""
    bodies = dict(JournalEntry.objects.filter(action=ROTATE).values_list("ticket", "body"))
    places = JournalLeaf.objects.filter(entry__in=list(bodies), number__lt=signed).order_by("-number")
    last = places.values_list("entry", "number").first()
    if last is not None and _named(bodies[last[0]], last[1]) not in keys.verifiers:
        raise _wrong_key(gettext("The key in %(path)s was replaced by another."))


def _named(body: str, place: int) -> Verifier | None:
    """Return the key that an entry with a place hands over to, if any; raises `Conflict` where that is not clear."""
    try:
        return handover(body)
    except Invalid as error:
        raise Conflict(
            gettext("Entry %(number)d says that the key of the journal changes, and not to which.")
            % {"number": place},
            hint=gettext(
                "Nothing in Allotment writes such an entry. Keep the database as it is, as evidence; go on with "
                "“allotment journal begin-again”."
            ),
            code="malformed-rotation",
        ) from error


def require_past(signed_at: datetime, now: datetime) -> None:
    """Refuse to sign while the newest signature lies in the future: one of the two times is wrong.

    Signing on with the later time would make every entry look back-dated until then; signing with the earlier would
    let times go back. What was signed with a wrong clock stays and is told by `verify`; begin-again goes on after it.
    """
    if signed_at > now + SLACK:
        raise Conflict(
            gettext(
                "The journal was signed last at %(signed)s, and the clock of this machine says %(now)s: one of them is "
                "wrong."
            )
            % {"signed": f"{signed_at:%Y-%m-%d %H:%M:%S} UTC", "now": f"{now:%Y-%m-%d %H:%M:%S} UTC"},
            hint=gettext(
                "If the clock is wrong now, set it right; signing goes on by itself. If it was wrong when the journal "
                "was signed, say so with “allotment journal begin-again”: it goes on with a new name and key."
            ),
            code="signed-ahead",
        )


def require_same(signed: Checkpoint, size: int) -> None:
    """Refuse a database that does not begin with the entries under a checkpoint."""
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


def _require_rest(signed: int, size: int, keys: Keys, known: Collection[str] = ()) -> None:
    """Refuse entries whose place nobody signed yet, unless it is one that the sequencer gives."""
    edge = proofs.edge(StoredHashes(), signed)
    for number, stored, body in _places(edge.size, size):
        if number != edge.size or body is None or leaf_hash(body.encode()) != stored:
            raise Conflict(
                gettext(
                    "The place of entry %(number)d was not given by Allotment: it does not fit the entry."
                )
                % {"number": number},
                hint=gettext("Keep the database as it is, as evidence, and put back a backup."),
                code="journal-differs",
            )
        key = _named(body, number)
        if key is not None and key.text not in known and not may_take_over(key, keys):
            raise Conflict(
                gettext("Entry %(number)d hands the journal over to a key that is not in the key file.")
                % {"number": number},
                hint=gettext("Put back the newest key file; else put back a backup of the database."),
                code="unknown-successor",
            )
        edge.extend([stored])
    if edge.root() != proofs.root(StoredHashes(), size):
        raise Conflict(
            gettext("The stored hashes of the tree do not belong to its entries."),
            hint=gettext("Run “allotment journal verify”; it says what was changed."),
            code="journal-differs",
        )


def _places(start: int, end: int) -> Iterator[tuple[int, bytes, str | None]]:
    """Yield number, hash and text of the entries from place `start` up to `end`; no text if it is gone."""
    leaves = JournalLeaf.objects.order_by("number").values_list("number", "entry", "hash")
    page = list(leaves.filter(number__gte=start, number__lt=end)[:_AT_ONCE])
    while page:
        wanted = [ticket for _, ticket, _ in page]
        texts = dict(JournalEntry.objects.filter(ticket__in=wanted).values_list("ticket", "body"))
        yield from ((number, bytes(stored), texts.get(ticket)) for number, ticket, stored in page)
        page = list(leaves.filter(number__gt=page[-1][0], number__lt=end)[:_AT_ONCE])


def _wrong_key(what: str) -> Conflict:
    return Conflict(
        what % {"path": signing.key_file()},
        hint=gettext(
            "Put back the key file that belongs to this database. If it is lost, begin again with a new key."
        ),
        code=WRONG_KEY,
    )
