"""Whoever rules the database, but not the key, changes rows; the sequencer runs afterwards and never makes it good."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from allotment.engine.recording import Entry
from allotment.journal import examining, signing
from allotment.journal.bodies import body_of
from allotment.journal.handing_over import giving_up
from allotment.journal.inserting import append_entries
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.problems import Kind
from allotment.journal.sequencing import State, begin_again, sequence_now
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.journal.verifying import Outside, verify
from allotment.kernel import clock
from tests.journal.conftest import empty_tables, record
from tests.journal.test_tampering import allow_the_same_id_twice
from tests.journal.tree.growing import tamper

pytestmark = pytest.mark.django_db

Run = Callable[[], State]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Let the sequencer run once; what it does after its transactions is done at once, for there is only the test's."""
    monkeypatch.setattr(transaction, "on_commit", lambda then: then())
    return sequence_now


@pytest.fixture
def signed(run: Run) -> str:
    """Return the newest checkpoint of a journal of twelve entries, signed in two batches."""
    empty_tables()
    for count in (5, 7):
        record(count)
        assert run().trouble == ""
    return signing.read_outside() or ""


def forge(**details: object) -> int:
    """Write the entry of a key change as somebody would who has the database only."""
    at = clock.now() - timedelta(minutes=2)
    entry = Entry(at, ROTATE, "done", None, "journal", "x", details=details)
    return append_entries([body_of(entry, "", {})])[0]


def found(home: Path) -> set[Kind]:
    return {one.kind for one in verify(Outside.read(home)).problems}


def edit(number: int) -> str:
    ticket = JournalLeaf.objects.get(number=number).entry
    body = JournalEntry.objects.get(ticket=ticket).body.replace("apps.see", "apps.run")
    tamper(("UPDATE journal_entry SET body = %s WHERE ticket = %s", body, ticket))
    return body


def edit_with_hash() -> None:
    tamper(("UPDATE journal_leaf SET hash = %s WHERE number = 3", leaf_hash(edit(3).encode())))


def edit_and_forget_signatures() -> None:
    edit_with_hash()
    tamper(("DELETE FROM journal_checkpoint",))


def cut() -> None:
    tamper(
        ("DELETE FROM journal_entry WHERE ticket IN (SELECT entry FROM journal_leaf WHERE number >= 5)",),
        ("DELETE FROM journal_leaf WHERE number >= 5",),
        ("DELETE FROM journal_checkpoint WHERE size > 5",),
    )


def cut_and_grow_again() -> None:
    cut()
    bodies = [body_of(Entry(clock.now(), "apps.see", "done", None, "test", str(n)), "", {}) for n in range(9)]
    for number, (ticket, body) in enumerate(zip(append_entries(bodies), bodies, strict=True), 5):
        place(number, ticket, leaf_hash(body.encode()))


def rewrite() -> None:
    empty_tables()
    record(12)


def remove() -> None:
    tamper(("DELETE FROM journal_entry WHERE ticket = (SELECT entry FROM journal_leaf WHERE number = 3)",))


def remove_with_place() -> None:
    remove()
    tamper(("DELETE FROM journal_leaf WHERE number = 3",))


def reorder() -> None:
    three, four = (JournalLeaf.objects.get(number=one).entry for one in (3, 4))
    tamper(
        ("UPDATE journal_leaf SET entry = -1 WHERE number = 3",),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 4", three),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 3", four),
    )


def reorder_with_hashes() -> None:
    reorder()
    three, four = (bytes(JournalLeaf.objects.get(number=one).hash) for one in (3, 4))
    tamper(
        ("UPDATE journal_leaf SET hash = %s WHERE number = 3", four),
        ("UPDATE journal_leaf SET hash = %s WHERE number = 4", three),
    )


def change_the_checkpoint() -> None:
    note = JournalCheckpoint.objects.get(size=12).note
    tamper(("UPDATE journal_checkpoint SET note = %s WHERE size = 12", note.replace("\n12\n", "\n11\n")))


def spoil_the_checkpoint() -> None:
    tamper(("UPDATE journal_checkpoint SET note = %s WHERE size = 12", "nothing"))


def place(number: int, ticket: int, fitting: bytes) -> None:
    tamper(("INSERT INTO journal_leaf (number, entry, hash) VALUES (%s, %s, %s)", number, ticket, fitting))


def place_another_text() -> None:
    """Let the sequencer sign the hash of a text that is shown only afterwards."""
    record(1)
    place(12, JournalEntry.objects.order_by("-ticket")[0].ticket, leaf_hash(b"something else"))


def place_with_a_gap() -> None:
    record(1)
    newest = JournalEntry.objects.order_by("-ticket")[0]
    place(15, newest.ticket, leaf_hash(newest.body.encode()))


def place_a_key_change() -> None:
    ticket = forge(vkey=Signer.generate("mine").verifier.text)
    place(12, ticket, leaf_hash(JournalEntry.objects.get(ticket=ticket).body.encode()))


def place_a_key_change_to_nothing() -> None:
    ticket = forge(reason="none")
    place(12, ticket, leaf_hash(JournalEntry.objects.get(ticket=ticket).body.encode()))


def add_at(moved: timedelta) -> Callable[[], None]:
    """Return what adds an entry with another time than that at which it was written."""

    def add() -> None:
        at = clock.now() + moved
        append_entries([body_of(Entry(at, "apps.see", "done", None, "test", "x"), "", {})])

    return add


def replay() -> None:
    body = JournalEntry.objects.get(ticket=JournalLeaf.objects.get(number=3).entry).body
    allow_the_same_id_twice()
    append_entries([body])


CAUGHT = (
    edit_with_hash,
    edit_and_forget_signatures,
    cut,
    cut_and_grow_again,
    rewrite,
    remove_with_place,
    reorder_with_hashes,
    change_the_checkpoint,
    spoil_the_checkpoint,
    place_another_text,
    place_with_a_gap,
    place_a_key_change,
    place_a_key_change_to_nothing,
)
"""What the sequencer itself sees, for it changes what was signed or pretends that it gave a place."""


def no_row(_signed: str) -> None:
    """Leave it at the change."""


def a_row_that_gives_up(signed: str) -> None:
    origin = read_checkpoint(signed).origin
    forge(vkey=signing.published()[0], abandoned=origin, reason="x")


def a_row_that_gives_up_for_a_key_of_ones_own(signed: str) -> None:
    mine = Signer.generate("allotment/journal/0000000000000000")
    forge(vkey=mine.verifier.text, reason="x", **giving_up(read_checkpoint(signed), mine))


def a_row_with_the_signature_of_another_key(signed: str) -> None:
    mine = Signer.generate("allotment/journal/0000000000000000")
    forge(reason="x", **{**giving_up(read_checkpoint(signed), mine), "vkey": signing.published()[0]})


def a_row_that_gives_up_another_name(signed: str) -> None:
    old = read_checkpoint(signed)
    mine = Signer.generate(old.origin)
    forge(vkey=mine.verifier.text, reason="x", **{**giving_up(old, mine), "abandoned": "another"})


@pytest.mark.parametrize("change", CAUGHT)
@pytest.mark.parametrize(
    "trick",
    [
        no_row,
        a_row_that_gives_up,
        a_row_that_gives_up_for_a_key_of_ones_own,
        a_row_with_the_signature_of_another_key,
        a_row_that_gives_up_another_name,
    ],
)
def test_nothing_is_signed_over_a_change_whatever_rows_excuse_it(
    home: Path, run: Run, signed: str, change: Callable[[], None], trick: Callable[[str], None]
) -> None:
    change()
    trick(signed)
    checkpoints = list(JournalCheckpoint.objects.values_list("size", "note"))
    told = run()
    assert told.trouble
    assert told.remedy
    assert list(JournalCheckpoint.objects.values_list("size", "note")) == checkpoints
    assert signing.read_outside() == signed
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert found(home)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda: edit(3), Kind.CHANGED),
        (remove, Kind.REMOVED),
        (reorder, Kind.CHANGED),
        (replay, Kind.REPEATED),
        (add_at(timedelta(hours=-1)), Kind.BACKDATED),
        (add_at(timedelta(hours=1)), Kind.AHEAD),
    ],
)
def test_a_change_that_the_sequencer_does_not_see_is_still_found_after_more_was_signed(
    home: Path, run: Run, signed: str, change: Callable[[], None], kind: Kind
) -> None:
    change()
    a_row_that_gives_up(signed)
    record(3)
    assert run().signed in {15, 16}
    assert kind in found(home)


def test_a_key_change_that_is_not_in_the_key_file_gets_no_place_and_the_rest_goes_on(
    home: Path, run: Run, signed: str
) -> None:
    """Else whoever forged it could add a signature of their own, and auditors would follow to their key."""
    ticket = forge(vkey=Signer.generate("mine").verifier.text)
    record(3)
    for size in (15, 16):
        told = run()
        assert told.trouble.startswith(
            f"Entry {ticket} would hand the journal over to a key that is not in the"
        )
        assert told.signed == size
        record(1)
    assert not JournalLeaf.objects.filter(entry=ticket).exists()


@pytest.mark.parametrize("details", [{}, {"vkey": "nothing"}, {"vkey": 7}, {"vkey": None, "abandoned": "x"}])
def test_a_key_change_that_names_no_key_gets_no_place_and_the_rest_goes_on(
    run: Run, signed: str, details: dict[str, object]
) -> None:
    ticket = forge(**details)
    record(3)
    assert run().signed == 15
    assert not JournalLeaf.objects.filter(entry=ticket).exists()


@pytest.mark.parametrize(
    "disguise",
    [
        lambda body: body.replace("journal.rotate", "journal\\u002erotate"),
        lambda body: '{"action":"apps.see",' + body[1:],
        lambda body: "  " + body,
    ],
)
def test_a_key_change_in_disguise_gets_no_place(
    run: Run, signed: str, disguise: Callable[[str], str]
) -> None:
    entry = Entry(clock.now(), ROTATE, "done", None, "journal", "x", details={"vkey": "mine"})
    body = disguise(body_of(entry, "", {}))
    assert json.loads(body)["action"] == ROTATE
    (ticket,) = append_entries([body])
    record(3)
    assert run().signed == 15
    assert not JournalLeaf.objects.filter(entry=ticket).exists()


def test_a_row_that_names_the_key_in_force_gets_no_place(run: Run, signed: str) -> None:
    ticket = forge(vkey=signing.published()[0])
    record(1)
    assert run().signed == 13
    assert not JournalLeaf.objects.filter(entry=ticket).exists()


def test_a_row_that_repeats_a_key_change_does_not_undo_it(home: Path, run: Run, signed: str) -> None:
    signing.rotate(None)
    both = signing.key_file().read_text()
    run()
    signing.key_file().write_text(both)  # as where somebody mounted it
    forge(vkey=signing.published()[1])
    record(1)
    run()
    assert found(home) <= {Kind.UNPLACED}
    assert JournalCheckpoint.objects.count() == 4


def test_a_checkpoint_that_was_lost_from_the_database_is_put_back(home: Path, run: Run, signed: str) -> None:
    """As after a power cut: the file was on the disk, the last transaction not yet."""
    signing.rotate(None)
    run()
    last = read_checkpoint(signing.read_outside() or "").size
    tamper(("DELETE FROM journal_checkpoint WHERE size = %s", last))
    record(2)
    told = run()
    assert (told.trouble, told.signed) == ("", 15)
    assert JournalCheckpoint.objects.filter(size=last).exists()
    assert found(home) == set()


def test_without_its_checkpoints_the_journal_still_knows_that_it_was_signed_in_the_future(
    run: Run, signed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(("DELETE FROM journal_checkpoint",))
    monkeypatch.setattr(examining, "real_time", lambda: datetime.now(UTC) - timedelta(hours=1))
    record(2)
    assert "one of them is wrong" in run().trouble


def test_a_beginning_anew_excuses_only_what_was_before_it(home: Path, run: Run, signed: str) -> None:
    cut()
    begin_again("a backup was put back", None)
    assert run().trouble == ""
    again = signing.read_outside()
    tamper(("UPDATE journal_leaf SET hash = %s WHERE number = 2", leaf_hash(edit(2).encode())))
    for forget in (False, True):
        if forget:
            tamper(("DELETE FROM journal_checkpoint WHERE size > 5",))
        record(1)
        assert "differs from what was signed" in run().trouble or forget
        assert run().trouble
        assert signing.read_outside() == again


def test_without_the_file_outside_the_database_a_beginning_anew_still_works(
    home: Path, run: Run, signed: str
) -> None:
    edit_with_hash()
    signing.checkpoint_file().unlink()
    assert run().trouble
    begin_again("this is the copy we have", None)
    assert run().trouble == ""
    record(2)
    assert run().signed == 15
    assert read_checkpoint(signing.read_outside() or "").origin == signing.read_keys().current.verifier.name


def test_a_beginning_anew_after_a_spoilt_file_works(home: Path, run: Run, signed: str) -> None:
    signing.checkpoint_file().write_text("nothing")
    assert "not a checkpoint" in run().trouble
    begin_again("the file was lost", None)
    assert run().trouble == ""


def test_the_entry_of_a_key_change_is_flagged(run: Run, signed: str) -> None:
    for change in (lambda: signing.rotate(None), lambda: begin_again("lost", None)):
        ticket = change()
        assert JournalEntry.objects.get(ticket=ticket).flagged
        assert run().trouble == ""
        signing.key_file().unlink()
