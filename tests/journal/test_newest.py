"""Rows of checkpoints that are not ours stop signing in words, and a beginning anew gets past them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from allotment.journal import signing
from allotment.journal.growing import Tree
from allotment.journal.inserting import append_checkpoint
from allotment.journal.models import JournalCheckpoint, JournalEntry
from allotment.journal.newest import newest_checkpoint
from allotment.journal.sequencing import begin_again, is_signed, sequence_now, state
from allotment.journal.tree.checkpoints import open_checkpoint, read_checkpoint
from allotment.journal.tree.notes import Signer
from allotment.kernel.errors import Conflict
from tests.journal.conftest import record
from tests.journal.tree.growing import tamper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def signed(batches: int = 3, each: int = 5) -> str:
    """Sign so many batches of entries; returns the newest checkpoint."""
    for _ in range(batches):
        record(each)
        assert sequence_now().trouble == ""
    return JournalCheckpoint.objects.order_by("-size")[0].note


def forge(size: int, note: str) -> None:
    """Write a row, as anybody may who can insert: no trigger is in the way."""
    append_checkpoint(size, note, datetime.now(UTC))


def cut(size: int) -> None:
    """Cut the end of the entries off, and leave its checkpoints."""
    tamper(
        (
            "DELETE FROM journal_entry WHERE ticket IN (SELECT entry FROM journal_leaf WHERE number >= %s)",
            size,
        ),
        ("DELETE FROM journal_leaf WHERE number >= %s", size),
        ("DELETE FROM journal_node",),
    )


def test_the_newest_checkpoint_is_the_highest_that_a_trusted_key_signed():
    note = signed()
    forge(16, "junk")
    forge(17, note)
    found = newest_checkpoint(signing.known_keys())
    assert (found.size, found.opened.note) == (15, note)
    assert newest_checkpoint(signing.known_keys(), 14).size == 10
    assert newest_checkpoint([Signer.generate("another").verifier]) is None


@pytest.mark.parametrize("size", [16, 1_000_000_000])
@pytest.mark.parametrize("written", ["junk", "a copy", "another key"])
def test_a_row_that_is_not_ours_is_told_and_a_beginning_anew_gets_past_it(
    bare: Path, size: int, written: str
):
    note = signed()
    other = Signer.generate(read_checkpoint(note).origin)
    forged = {"junk": "junk", "a copy": note, "another key": note.replace("\n15\n", f"\n{size}\n")}[written]
    forge(size, forged)
    record(3)
    told = sequence_now()
    assert told.trouble == f"The row of the checkpoint over {size} entries was not written by Allotment."
    assert "begin-again" in told.remedy
    assert (told.signed, state().signed) == (15, 15)
    assert signing.read_outside() == note
    begin_again("somebody wrote a row", None)
    assert signing.read_outside() == note  # what is given up is what was signed, not what a row says
    assert other.verifier not in signing.published_keys()
    for expected in (19, 21, 23):
        told = sequence_now()
        assert (told.trouble, told.signed, told.size) == ("", expected, expected)
        record(2)
    assert (
        len(open_checkpoint(JournalCheckpoint.objects.get(size=19).note, signing.known_keys()).signed_by) == 2
    )


def test_after_an_end_was_cut_off_and_its_checkpoints_were_left_the_journal_can_begin_again(bare: Path):
    signed(batches=5, each=20)
    cut(50)
    assert "places for 50 entries, and 100 were signed" in sequence_now().trouble
    ticket = begin_again("the end is lost", None)
    told = sequence_now()
    assert (told.trouble, told.signed, told.size) == ("", 51, 51)
    assert is_signed(ticket)
    record(7)
    assert sequence_now().signed == 58
    record(2)  # now the tree is as large as one whose checkpoint is still there
    told = sequence_now()
    assert (told.signed, "stands where the checkpoint over 60" in told.trouble) == (58, True)
    record(1)
    for expected in (61, 92, 112):
        told = sequence_now()
        assert (told.trouble, told.signed) == ("", expected)
        record({61: 31, 92: 20, 112: 1}[expected])


def test_a_key_that_was_given_up_still_signs_the_beginning_anew_after_a_crash(bare: Path):
    """The process ended between giving the place and signing; the rows that were left say more was signed."""
    signed(batches=5, each=20)
    cut(50)
    old = signing.read_keys().current.verifier
    begin_again("the end is lost", None)
    Tree().grow()
    assert len(signing.read_keys().verifiers) == 2
    assert sequence_now().signed == 51
    new = signing.read_keys().current.verifier
    assert new != old
    note = JournalCheckpoint.objects.get(size=51).note
    assert set(open_checkpoint(note, [old, new]).signed_by) == {old, new}


def test_a_crash_before_the_key_that_was_given_up_left_the_file_does_not_bring_back_what_it_signed(
    bare: Path,
):
    signed(batches=5, each=20)
    cut(50)
    begin_again("the end is lost", None)
    both = (bare / "journal.key").read_text()
    sequence_now()
    (bare / "journal.key").write_text(both)
    record(3)
    told = sequence_now()
    assert (told.trouble, told.signed) == ("", 54)


def test_a_row_in_the_place_of_the_newest_checkpoint_is_told_and_nothing_is_signed(bare: Path):
    note = signed()
    tamper(("UPDATE journal_checkpoint SET note = 'junk' WHERE size = 15",))
    record(3)
    assert "over 15 entries was not written by Allotment" in sequence_now().trouble
    assert signing.read_outside() == note
    begin_again("somebody changed a row", None)
    assert (sequence_now().trouble, state().signed) == ("", 19)


def test_with_every_file_lost_a_journal_whose_key_changed_can_begin_again(bare: Path):
    signed()
    signing.rotate(None)
    signed()
    for name in ("journal.key", "journal.vkeys", "journal.checkpoint"):
        (bare / name).unlink()
    assert "is missing" in sequence_now().trouble
    begin_again("the disk broke", None)
    told = sequence_now()
    assert (told.trouble, told.signed) == ("", JournalEntry.objects.count())


def test_rows_that_are_ours_leave_no_reason_to_begin_again(bare: Path):
    signed()
    with pytest.raises(Conflict, match="in order"):
        begin_again("for fun", None)
