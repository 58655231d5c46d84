"""A clock that is wrong for a moment signs nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from allotment.journal import growing, sequencing, signing
from allotment.journal.models import JournalCheckpoint
from allotment.journal.sequencing import Sequencer, begin_again, sequence_now, state
from allotment.journal.timekeeping import Timekeeper
from tests.journal.conftest import record

YEAR = 365 * 86_400.0


class Clocks:
    """One that may be set, and one that only goes on."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 50.0

    def keeper(self) -> Timekeeper:
        return Timekeeper(lambda: self.wall, lambda: self.steady)

    def wait(self, seconds: float, *, drift: float = 0.0) -> None:
        self.steady += seconds
        self.wall += seconds + drift


def test_a_steady_clock_is_trusted():
    clocks = Clocks()
    keeper = clocks.keeper()
    for _ in range(100):
        clocks.wait(0.5, drift=0.0004)
        assert keeper.doubt() is None


def test_after_a_long_wait_a_little_drift_is_no_jump():
    clocks = Clocks()
    keeper = clocks.keeper()
    clocks.wait(36_000, drift=20)
    assert keeper.doubt() is None


@pytest.mark.parametrize("jump", [60.0, -60.0])
def test_a_jump_is_waited_out_as_long_as_it_was(jump):
    clocks = Clocks()
    keeper = clocks.keeper()
    clocks.wall += jump
    assert "jumped" in keeper.doubt().message
    clocks.wait(59)
    assert keeper.doubt() is not None
    clocks.wait(2)
    assert keeper.doubt() is None


def test_a_clock_that_is_a_year_ahead_for_a_second_is_not_trusted_until_it_is_right_again():
    clocks = Clocks()
    keeper = clocks.keeper()
    clocks.wall += YEAR
    assert keeper.doubt() is not None
    clocks.wait(1)
    clocks.wall -= YEAR
    clocks.wait(290)
    assert keeper.doubt() is not None
    clocks.wait(301)
    assert keeper.doubt() is None


@pytest.mark.django_db(transaction=True)
class TestSequencer:
    """What the sequencer does with it."""

    @pytest.fixture
    def sequencer(self, bare, monkeypatch):
        self.clocks = Clocks()
        monkeypatch.setattr(sequencing, "Timekeeper", self.clocks.keeper)
        made = Sequencer()
        record(2)
        made.round(is_last=True)
        assert (made.failure, JournalCheckpoint.objects.count()) == (None, 1)
        yield made
        made.give_up()

    def test_nothing_is_signed_while_the_clock_is_in_doubt(self, sequencer):
        self.clocks.wall += YEAR
        record(2)
        sequencer.round(is_last=True)
        assert "jumped" in sequencer.failure.message
        assert JournalCheckpoint.objects.count() == 1
        self.clocks.wait(301)
        sequencer.round(is_last=True)
        assert (sequencer.failure, JournalCheckpoint.objects.last().size) == (None, 4)

    def signed_ahead(self, monkeypatch, **ahead: float) -> None:
        later = datetime.now(UTC) + timedelta(**ahead)
        with monkeypatch.context() as wrong:
            wrong.setattr(growing, "real_time", lambda: later)
            record(1)
            sequence_now()
        record(1)

    def test_a_signature_from_the_future_is_told_and_none_follows_it(self, bare, monkeypatch):
        self.signed_ahead(monkeypatch, days=365)
        told = sequence_now()
        assert "was signed last at" in told.trouble
        assert "one of them is wrong" in told.trouble
        assert "begin-again" in told.remedy
        assert state().trouble == told.trouble
        assert JournalCheckpoint.objects.count() == 1

    def test_a_signature_a_little_ahead_is_waited_out_by_its_own_time(self, bare, monkeypatch):
        self.signed_ahead(monkeypatch, seconds=30)
        assert sequence_now().trouble == ""
        first, second = JournalCheckpoint.objects.all()
        assert first.at == second.at

    def test_a_clock_set_back_while_it_leads_signs_nothing(self, bare, monkeypatch):
        sequencer = Sequencer()
        record(1)
        sequencer.round(is_last=True)
        monkeypatch.setattr(growing, "real_time", lambda: datetime.now(UTC) - timedelta(hours=1))
        record(1)
        sequencer.round(is_last=True)
        assert sequencer.failure.code == "signed-ahead"
        sequencer.give_up()
        assert JournalCheckpoint.objects.count() == 1

    def test_after_a_signature_from_the_future_the_journal_can_begin_again(self, bare, monkeypatch):
        self.signed_ahead(monkeypatch, days=365)
        begin_again("The clock was a year ahead.", None)
        assert sequence_now().trouble == ""
        record(1)
        assert (sequence_now().trouble, sequence_now().signed) == ("", 4)
        assert JournalCheckpoint.objects.last().at < datetime.now(UTC) + timedelta(minutes=1)
        assert len(signing.published()) == 2
