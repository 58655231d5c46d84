"""Every entry gets one place, and what is signed is never contradicted, whatever ends the process."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections, transaction

from allotment.engine.recording import Entry
from allotment.journal import arriving, growing, sequencing, signing
from allotment.journal.growing import Tree
from allotment.journal.inserting import append_entries
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf, JournalNode
from allotment.journal.recording import note
from allotment.journal.sequencing import Sequencer, begin_again, sequence_now, state
from allotment.journal.tree.checkpoints import open_checkpoint, read_checkpoint
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.journal.tree.notes import Signer
from allotment.journal.writing import JournalWriter
from allotment.kernel import clock
from allotment.kernel.errors import Conflict
from tests.journal.conftest import checked, empty_tables, eventually, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def test_entries_get_places_in_their_order_and_a_signature(bare):
    record(700)
    told = sequence_now()
    assert (told.size, told.signed, told.waiting, told.trouble) == (700, 700, 0, "")
    leaves = JournalLeaf.objects.order_by("number")
    tickets = list(JournalEntry.objects.order_by("ticket").values_list("ticket", flat=True))
    assert list(leaves.values_list("number", "entry")) == list(enumerate(tickets))
    edge = CompactRange()
    nodes = edge.extend(leaf_hash(row.body.encode()) for row in JournalEntry.objects.order_by("ticket"))
    note_text = JournalCheckpoint.objects.get().note
    assert read_checkpoint(note_text).root == edge.root()
    assert [(node.level, node.index) for node in nodes] == list(
        JournalNode.objects.values_list("level", "index")
    )
    assert (bare / "journal.checkpoint").read_text() == note_text
    assert checked(bare) == 700


def test_a_restored_tree_grows_as_if_it_had_never_stopped(bare):
    for count in (1, 254, 1, 1, 300, 2):
        record(count)
        sequence_now()
    assert JournalCheckpoint.objects.count() == 6
    assert checked(bare) == 559


def test_nothing_new_signs_nothing():
    record(3)
    sequence_now()
    sequence_now()
    assert JournalCheckpoint.objects.count() == 1


def test_the_thread_places_what_the_gate_records(bare):
    sequencer, writer = Sequencer(), JournalWriter()
    sequencer.start()
    writer.start()

    async def some() -> None:
        await asyncio.gather(
            *(writer.record(Entry(clock.now(), "apps.see", "done", None, "test", str(n))) for n in range(50))
        )

    asyncio.run(some())
    eventually(lambda: state().signed == 50)
    assert state().leads
    asyncio.run(some())
    writer.stop()
    sequencer.stop()
    assert checked(bare) == 100


def test_checkpoints_come_at_most_once_a_second():
    begun = time.monotonic()
    sequencer = Sequencer()
    for _ in range(5):
        record(2)
        sequencer.round()
    assert JournalLeaf.objects.count() == 10
    checkpoints = JournalCheckpoint.objects.count()
    assert checkpoints <= 1 + time.monotonic() - begun
    unsigned = JournalCheckpoint.objects.last().size < 10  # not on a machine so slow that a second was over
    sequencer.round(is_last=True)
    sequencer.give_up()
    assert JournalCheckpoint.objects.count() == checkpoints + unsigned
    assert JournalCheckpoint.objects.last().size == 10


def test_the_time_of_checkpoints_never_goes_back(monkeypatch):
    record(1)
    sequence_now()
    first = JournalCheckpoint.objects.get().at
    monkeypatch.setattr(growing, "real_time", lambda: first - timedelta(days=1))
    record(1)
    sequence_now()
    assert JournalCheckpoint.objects.last().at == first


def test_planting_the_past_does_not_date_checkpoints_back():
    with clock.frozen(datetime(2020, 1, 1, tzinfo=UTC)):
        record(1)
        sequence_now()
    assert JournalCheckpoint.objects.get().at.year >= 2025


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one transaction at a time")
@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_transaction_that_commits_late_gets_a_later_place(bare, is_forgotten, monkeypatch):
    """Also when the leader that waited for it is gone, and more came meanwhile than a new one looks back."""
    for module in (growing, arriving):
        monkeypatch.setattr(module, "TAIL", 2)
    written, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            note("apps.see", actor=None, object_kind="test", object_id="late")
            written.set()
            may_commit.wait(60)
        connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    written.wait(60)
    sequencer = Sequencer()
    record(5)
    sequencer.round()
    assert JournalLeaf.objects.count() == 5
    if is_forgotten:
        sequencer.give_up()
        sequencer = Sequencer()
    may_commit.set()
    thread.join()
    sequencer.round(is_last=True)
    sequencer.give_up()
    late_entry = JournalEntry.objects.get(object_id="late")
    assert JournalLeaf.objects.get(number=5).entry == late_entry.ticket
    assert late_entry.ticket < JournalLeaf.objects.get(number=0).entry
    assert checked(bare) == 6


def test_places_without_a_signature_are_signed_by_the_next_leader(bare):
    """As a process leaves it that is killed between the two."""
    record(10)
    tree = Tree()
    tree.grow()
    del tree
    assert not JournalCheckpoint.objects.exists()
    sequence_now()
    assert checked(bare) == 10


def test_a_checkpoint_that_did_not_reach_the_file_is_written_there(bare):
    record(10)
    sequence_now()
    (bare / "journal.checkpoint").unlink()
    Tree()
    assert read_checkpoint((bare / "journal.checkpoint").read_text()).size == 10


class TestRefusals:
    """What stops signing is told in words, and recording goes on."""

    def refused(self) -> sequencing.State:
        told = sequence_now()
        note("apps.see", actor=None, object_kind="test", object_id="goes on")
        assert told.trouble
        assert told.remedy
        assert state().trouble == told.trouble
        return told

    def signed_then_restored(self, bare: Path) -> None:
        """Sign ten entries, then put a database there that has only five of them, signed before."""
        record(5)
        sequence_now()
        rows = list(JournalEntry.objects.order_by("ticket").values_list("body", flat=True))
        early = JournalCheckpoint.objects.get()
        record(5)
        sequence_now()
        empty_tables()
        with transaction.atomic():
            tickets = append_entries(rows)
            growing.append_leaves(0, tickets, [leaf_hash(body.encode()) for body in rows])
            growing.append_checkpoint(5, early.note, early.at)

    def test_an_older_database(self, bare):
        self.signed_then_restored(bare)
        told = self.refused()
        assert "older than what was signed" in told.trouble
        assert "places for 5 entries, and 10 were signed" in told.trouble
        assert (told.size, told.signed) == (5, 5)

    def test_an_older_database_that_grew_again(self, bare):
        self.signed_then_restored(bare)
        record(20)
        (bare / "journal.checkpoint").rename(bare / "aside")
        sequence_now()
        (bare / "aside").rename(bare / "journal.checkpoint")
        assert "differs from what was signed" in self.refused().trouble

    def test_an_older_database_that_is_acknowledged_begins_again(self, bare):
        self.signed_then_restored(bare)
        old = signing.read_keys().current.verifier
        begin_again("The disk broke; the copy of Sunday was put back.", None)
        told = sequence_now()
        assert (told.trouble, told.size, told.signed) == ("", 6, 6)
        newest = JournalCheckpoint.objects.last().note
        new = signing.read_keys().current.verifier
        assert read_checkpoint(newest).origin == new.name != old.name
        assert set(open_checkpoint(newest, [old, new]).signed_by) == {old, new}
        assert "abandoned_root" in JournalEntry.objects.get(action="journal.rotate-key").details
        assert checked(bare) == 6
        record(3)
        assert sequence_now().trouble == ""
        assert checked(bare) == 9

    def test_a_database_that_differs(self, bare):
        record(5)
        sequence_now()
        empty_tables()
        record(5)
        tree_without_checks()
        assert "differs from what was signed over the first 5" in self.refused().trouble

    def test_a_key_that_is_not_the_journals(self, bare):
        record(5)
        sequence_now()
        key = bare / "journal.key"
        key.write_text(Signer.generate("allotment/journal/0000000000000000").private_text())
        assert "did not sign this journal" in self.refused().trouble
        assert "0000000000000000" not in (bare / "journal.vkeys").read_text()

    def test_a_missing_key(self, bare):
        record(5)
        sequence_now()
        (bare / "journal.key").unlink()
        assert "is missing" in self.refused().trouble
        assert not (bare / "journal.key").exists()
        begin_again("The key is lost.", None)
        assert sequence_now().trouble == ""
        assert JournalCheckpoint.objects.count() == 2
        assert checked(bare) == 7

    def test_a_key_that_cannot_be_read(self, bare):
        (bare / "journal.key").write_text("PRIVATE+KEY+no")
        (bare / "journal.key").chmod(0o600)
        record(1)
        assert "cannot be used" in sequence_now().trouble

    def test_a_key_exchanged_while_it_leads(self, bare):
        record(5)
        sequencer = Sequencer()
        sequencer.round()
        (bare / "journal.key").write_text(Signer.generate("allotment/journal/1").private_text())
        record(5)
        sequencer.round(is_last=True)
        assert "was exchanged" in sequencer.failure.message
        sequencer.round(is_last=True)
        assert "did not sign this journal" in sequencer.failure.message
        assert JournalCheckpoint.objects.count() == 1

    def test_a_folder_that_cannot_be_written(self, bare, monkeypatch):
        def full(*_args: object, **_kwargs: object) -> None:
            raise OSError(28, "No space left on device")

        record(5)
        sequence_now()
        monkeypatch.setattr(signing, "replace_file", full)
        record(5)
        assert "No space left" in sequence_now().trouble
        monkeypatch.undo()

    @pytest.mark.sqlite
    def test_a_locked_database(self, bare, monkeypatch):
        record(5)

        def locked(*_args: object) -> None:
            raise OperationalError("database is locked")

        sequencer = Sequencer()
        monkeypatch.setattr(growing, "append_leaves", locked)
        sequencer.round()
        assert "database is locked" in sequencer.failure.message
        assert not sequencer.leads
        monkeypatch.undo()

    def test_nobody_signs(self, bare):
        with clock.frozen(datetime.now(UTC) - timedelta(minutes=2)):
            record(3)
        assert "nobody signs them" in state().trouble
        assert state().waiting == 3

    def test_nothing_to_begin_again(self, bare):
        record(3)
        sequence_now()
        with pytest.raises(Conflict, match="in order"):
            begin_again("for fun", None)


def tree_without_checks() -> None:
    """Give places as somebody would who rules the database."""
    rows = list(JournalEntry.objects.order_by("ticket"))
    with transaction.atomic():
        growing.append_leaves(0, [row.ticket for row in rows], [leaf_hash(row.body.encode()) for row in rows])
