"""Whatever keeps the sequencer from signing is told, survived, and recorded where it lasts."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connections

from allotment.engine.gate.defects import DEFECTS
from allotment.engine.recording import Entry
from allotment.journal import examining, growing, sequencing, telling, timekeeping
from allotment.journal.growing import Tree
from allotment.journal.leading import Lead
from allotment.journal.models import JournalCheckpoint, JournalEntry
from allotment.journal.problems import Kind
from allotment.journal.recording import record_all
from allotment.journal.sequencing import Sequencer, State, sequence_now, state
from allotment.journal.telling import Teller
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.journal.verifying import Outside, verify
from allotment.kernel import clock
from allotment.kernel.errors import Conflict
from tests.journal.conftest import checked, eventually, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def forge_key_change(at=None) -> int:
    """Write a change to a key that nobody here knows; returns its ticket."""
    details = {"vkey": Signer.generate("allotment/journal/aa").verifier.text}
    record_all([Entry(at or clock.now(), ROTATE, "done", None, "journal", "x", details=details)])
    return JournalEntry.objects.order_by("-ticket")[0].ticket


def told(action) -> list[str]:
    """Return the outcomes that were recorded, in their order."""
    found = JournalEntry.objects.filter(action=action).order_by("ticket")
    return list(found.values_list("outcome", flat=True))


def sequence_elsewhere() -> State:
    """Do so over a connection of its own, as another process does."""
    found: list[State] = []

    def run() -> None:
        found.append(sequence_now())
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found.pop()


def raising(error):
    def fails(*_args, **_kwargs):
        raise error

    return fails


@pytest.fixture
def sequencer(bare, monkeypatch):
    monkeypatch.setattr(sequencing, "RETRY_SECONDS", 0.02)
    made = Sequencer()
    yield made
    made.stop()


@pytest.mark.parametrize("kind", [*DEFECTS, OperationalError])
def test_the_thread_survives_every_kind_of_error(bare, sequencer, monkeypatch, kind):
    record(3)
    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "Tree", raising(kind("vkey")))
        sequencer.start()
        eventually(lambda: sequencer.failure is not None)
        assert sequencer.failure.message.startswith("The journal could not be signed")
        assert state().trouble == sequencer.failure.message
        assert state().remedy
    eventually(lambda: (state().signed, state().trouble) == (3, ""))
    assert checked(bare) == 3


@pytest.mark.parametrize("kind", [*DEFECTS, OperationalError])
@pytest.mark.parametrize("where", ["examine", "tree_size"])
def test_the_state_is_told_whatever_fails_in_looking(monkeypatch, where, kind):
    record(3)
    sequence_now()
    monkeypatch.setattr(sequencing, where, raising(kind("body")))
    assert state().trouble.startswith("The journal could not be signed")
    assert state().remedy


def test_places_without_a_signature_are_told_too():
    with clock.frozen(datetime.now(UTC) - timedelta(minutes=2)):
        record(3)
    Tree().grow()
    assert not JournalCheckpoint.objects.exists()
    told = state()
    assert (told.size, told.waiting) == (3, 0)
    assert "nobody signs them" in told.trouble


def test_a_stop_that_lasts_is_recorded_once_and_so_is_its_end(bare, sequencer, monkeypatch):
    monkeypatch.setattr(telling, "LATE_SECONDS", 0.2)
    record(3)
    rounds = threading.Semaphore(0)

    def fails(*_args):
        rounds.release()
        raise KeyError("vkey")

    def entries():
        return list(JournalEntry.objects.filter(action="journal.sign").order_by("ticket"))

    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "Tree", fails)
        sequencer.start()
        eventually(lambda: len(entries()) == 1)
        for _ in range(30):
            assert rounds.acquire(timeout=10)
    eventually(lambda: len(entries()) == 2)
    stopped, goes_on = entries()
    assert (stopped.outcome, stopped.flagged, stopped.details["code"]) == ("failed", True, "defect")
    assert "KeyError" in stopped.details["why"]
    assert (goes_on.outcome, goes_on.flagged) == ("done", True)
    eventually(lambda: state().signed == 5)


def test_a_short_stop_is_not_recorded(bare, sequencer, monkeypatch):
    record(3)
    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "Tree", raising(OperationalError("database is locked")))
        sequencer.start()
        eventually(lambda: sequencer.failure is not None)
    eventually(lambda: state().signed == 3)
    assert not JournalEntry.objects.filter(action="journal.sign").exists()


def test_an_entry_that_gets_no_place_is_recorded_once_and_not_as_a_stop(bare, monkeypatch):
    monkeypatch.setattr(telling, "LATE_SECONDS", 0.0)
    record(3)
    ticket = forge_key_change()
    for _ in range(2):  # also by the next process
        sequencer = Sequencer()
        for _ in range(3):
            sequencer.round(is_last=True)
            assert f"Entry {ticket} would hand the journal over" in sequencer.failure.message
            sequencer.tell()
        sequencer.give_up()
    assert told("journal.sign") == []
    (held_back,) = JournalEntry.objects.filter(action="journal.hold-back")
    assert (held_back.object_id, held_back.flagged) == (str(ticket), True)


def test_the_end_of_a_stop_is_recorded_by_the_next_process(bare, monkeypatch):
    monkeypatch.setattr(telling, "LATE_SECONDS", 0.0)
    record(3)
    sequence_now()
    key = (bare / "journal.key").rename(bare / "aside")
    for _ in range(2):  # a start changes nothing about it
        sequencer = Sequencer()
        for _ in range(3):
            sequencer.round()
            sequencer.tell()
    assert told("journal.sign") == ["failed"]
    key.rename(bare / "journal.key")
    for _ in range(2):
        sequencer = Sequencer()
        for _ in range(3):
            sequencer.round()
            sequencer.tell()
        sequencer.give_up()
    assert told("journal.sign") == ["failed", "done"]


def test_a_process_that_does_not_lead_does_not_say_that_signing_goes_on(bare, monkeypatch):
    monkeypatch.setattr(telling, "LATE_SECONDS", 0.0)
    record(3)
    stopped = Teller()
    for _ in range(2):
        stopped.tell_stop(Conflict("Something is wrong."), leads=False)
    Teller().tell_stop(None, leads=False)
    assert told("journal.sign") == ["failed"]
    Teller().tell_stop(None, leads=True)
    stopped.tell_stop(None, leads=True)
    assert told("journal.sign") == ["failed", "done"]


def test_an_invented_entry_is_not_late_for_the_time_it_says(bare):
    record(3)
    sequence_now()
    then = clock.now() - timedelta(days=3)
    record_all([Entry(then, "apps.see", "done", None, "test", "x", details={"demo": True})])
    assert state().trouble == ""
    record_all([Entry(then, "apps.see", "done", None, "test", "x")])
    with pytest.MonkeyPatch.context() as later:
        later.setattr(sequencing, "real_time", lambda: datetime.now(UTC) + timedelta(minutes=2))
        assert "nobody signs them" in state().trouble


def test_what_another_process_did_not_sign_in_time_is_told(bare, monkeypatch):
    monkeypatch.setattr(sequencing, "CHECKPOINT_SECONDS", 0.02)
    record(3)
    other = Lead(bare)
    assert other.take()
    assert "is not signed yet" in sequence_elsewhere().trouble
    other.give_up()
    assert sequence_now().trouble == ""


def test_while_the_clock_is_in_doubt_no_other_process_here_signs_with_it(bare, monkeypatch):
    monkeypatch.setattr(sequencing, "CHECKPOINT_SECONDS", 0.02)
    record(3)
    server = Sequencer()
    server.round(is_last=True)
    ahead = datetime.now(UTC) + timedelta(days=1)
    with pytest.MonkeyPatch.context() as wrong:
        for module in (examining, growing, sequencing, timekeeping):
            wrong.setattr(module, "real_time", lambda: ahead)
        record(1)
        server.round(is_last=True)
        assert (server.failure.code, server.leads) == ("clock", True)
        assert "is not signed yet" in sequence_elsewhere().trouble
    server.give_up()
    assert sequence_now().trouble == ""
    assert JournalCheckpoint.objects.last().at < ahead - timedelta(hours=1)
    assert checked(bare) == 4


def test_a_backlog_is_signed_at_its_end_and_not_where_an_entry_was_held_back(bare):
    record(3)
    sequence_now()
    start = clock.now() + timedelta(seconds=1)
    waited = [
        Entry(start + timedelta(seconds=3 * at), "apps.see", "done", None, "test", str(at))
        for at in range(1200)
    ]
    record_all(waited[:40])
    forge_key_change(waited[40].at)
    record_all(waited[40:])
    with pytest.MonkeyPatch.context() as later:
        for module in (examining, growing, sequencing):
            later.setattr(module, "real_time", lambda: start + timedelta(hours=1))
        later.setattr(clock, "now", lambda: start + timedelta(hours=1))
        sequence_now()
        found = verify(Outside.read(bare)).problems
    assert [one.size for one in JournalCheckpoint.objects.all()] == [3, 1203]
    assert {one.kind for one in found} == {Kind.UNPLACED}
