"""Whatever keeps the sequencer from signing is told, survived, and recorded where it lasts."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from allotment.engine.gate.defects import DEFECTS
from allotment.journal import sequencing
from allotment.journal.growing import Tree
from allotment.journal.models import JournalCheckpoint, JournalEntry
from allotment.journal.sequencing import Sequencer, sequence_now, state
from allotment.kernel import clock
from tests.journal.conftest import checked, eventually, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


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
    monkeypatch.setattr(sequencing, "LATE", timedelta(seconds=0.2))
    record(3)
    rounds = threading.Semaphore(0)

    def fails(*_args):
        rounds.release()
        raise KeyError("vkey")

    def told():
        return list(JournalEntry.objects.filter(action="journal.sign").order_by("ticket"))

    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "Tree", fails)
        sequencer.start()
        eventually(lambda: len(told()) == 1)
        for _ in range(30):
            assert rounds.acquire(timeout=10)
    eventually(lambda: len(told()) == 2)
    stopped, goes_on = told()
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
