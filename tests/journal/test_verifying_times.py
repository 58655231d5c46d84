"""Times that must not alarm anybody, and times that must: whatever became of the checkpoints between."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection

from allotment.journal import (
    evidence,
    examining,
    growing,
    sequencing,
    signing,
    stored_rows,
    timekeeping,
    verify_journal,
)
from allotment.journal.bodies import body_of
from allotment.journal.inserting import append_entries
from allotment.journal.models import JournalEntry
from allotment.journal.problems import Kind
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.verifying import Outside, verify
from allotment.kernel import clock
from tests.journal.conftest import record
from tests.journal.test_tampering import ticket_of
from tests.journal.tree.growing import START, Journal, entry, export_all, grown, tamper

pytestmark = pytest.mark.django_db

SetClock = Callable[[datetime], None]
MINUTE = timedelta(minutes=1)


def found(journal: Journal) -> list[tuple[Kind, int]]:
    return [(one.kind, one.where) for one in journal.verified().problems]


def offline(journal: Journal, folder: Path) -> tuple[int, list[str]]:
    return verify_journal.verdict(export_all(folder), [journal.first_key], None)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    def to(at: datetime) -> None:
        for module in (examining, growing, sequencing, timekeeping):
            if hasattr(module, "real_time"):
                monkeypatch.setattr(module, "real_time", lambda: at)
        monkeypatch.setattr(clock, "now", lambda: at)

    return to


class TestSound:
    """No false alarm."""

    def test_a_backlog_of_days_under_one_signature(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        for hour in range(72):
            journal.add(at=START + timedelta(hours=hour))
        journal.at = START + timedelta(hours=72)
        journal.sign()
        assert found(journal) == []
        assert offline(journal, tmp_path / "all")[0] == 0

    def test_clocks_of_several_servers_that_differ_within_the_tolerance(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        for step in range(60):
            ahead, behind = journal.at + 9 * MINUTE, journal.at - 9 * MINUTE
            journal.append([body_of(entry(1000 + step, ahead if step % 2 else behind), "", {})])
            journal.at += MINUTE
            if step % 7 == 0:
                journal.sign()
        journal.sign()
        assert found(journal) == []
        assert offline(journal, tmp_path / "all")[0] == 0

    def test_demonstration_data_before_and_after_what_is_real(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path)
        journal.add(2)
        journal.add(5, at=START - timedelta(days=40), details={"demo": True})
        journal.add(2)
        journal.sign()
        journal.add(5, at=START - timedelta(days=30), details={"demo": True})
        journal.add(2)
        journal.sign()
        verified = journal.verified()
        assert (verified.problems, verified.invented) == ((), 10)
        assert offline(journal, tmp_path / "all")[0] == 0

    def test_an_invented_time_bounds_no_real_one(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path)
        journal.add(2, at=START + timedelta(days=1), details={"demo": True})
        journal.add(2)
        journal.at = START + timedelta(days=2)
        journal.sign()
        assert found(journal) == []

    def test_times_without_microseconds(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        journal.add(3, at=START.replace(microsecond=0))
        journal.sign()
        assert '"at":"2026-03-01T08:00:00.000000Z"' in JournalEntry.objects.get(ticket=ticket_of(4)).body
        assert found(journal) == []
        assert offline(journal, tmp_path / "all")[0] == 0

    def test_an_entry_of_another_version_with_more_fields(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        body = body_of(entry(9999, journal.at), "", {})
        journal.append([body[:-1] + ',"z":1}'])
        journal.sign()
        assert found(journal) == []
        assert offline(journal, tmp_path / "all")[0] == 0

    @pytest.mark.django_db(transaction=True)
    def test_a_journal_begun_again_after_a_wrong_clock(
        self, bare: Path, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(evidence, "public_keys", lambda: Outside.read(bare).vkeys or "")
        now = datetime.now(UTC)
        set_clock(now)
        record(3)
        sequencing.sequence_now()
        set_clock(now + timedelta(hours=3))
        record(1)
        sequencing.sequence_now()
        set_clock(now + MINUTE)
        record(2)
        assert sequencing.sequence_now().trouble
        sequencing.begin_again("the clock was wrong", None)
        for _ in range(3):
            record(2)
            assert not sequencing.sequence_now().trouble
        verified = verify(Outside.read(bare))
        assert verified.problems == ()
        assert [one.number for one in verified.begun] == [6]
        written = BytesIO()
        evidence.write_everything(written)
        (bare / "all.zip").write_bytes(written.getvalue())
        assert verify_journal.verdict(bare / "all.zip", signing.published(), None)[0] == 0


class TestBackdated:
    """Alarms, though the checkpoints that would tell are gone."""

    @pytest.fixture
    def days(self, tmp_path: Path) -> Journal:
        """Return a journal of some days, ten entries and a checkpoint each."""
        journal = Journal(tmp_path)
        for _ in range(5):
            journal.add(10)
            journal.sign()
            journal.at += timedelta(days=1)
        return journal

    def test_entries_before_bound_it(self, days: Journal, tmp_path: Path) -> None:
        days.add(at=START + timedelta(days=1, minutes=5))
        days.sign()
        tamper(("DELETE FROM journal_checkpoint WHERE size < 51",))
        (problem,) = days.verified().problems
        assert (problem.kind, problem.where) == (Kind.BACKDATED, 50)
        assert problem.what.startswith("Entry 50 is back-dated to 2026-03-02T08:05:")
        assert "what stands before it is of 2026-03-05 08:" in problem.what
        status, words = offline(days, tmp_path / "all")
        assert (status, "entry 50 is back-dated" in words[0]) == (1, True)

    def test_within_one_page_of_rows_and_over_two(
        self, days: Journal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stored_rows, "_CHUNK", 100)
        tamper(("DELETE FROM journal_checkpoint",))
        moments = [days.at + one * MINUTE for one in range(170)]
        days.append([body_of(entry(1000 + one, at), "", {}) for one, at in enumerate(moments)])
        days.append([body_of(entry(9999, days.at - MINUTE), "", {})])
        days.at = moments[-1]
        days.sign()
        assert found(days) == [(Kind.BACKDATED, 220)]

    def test_an_entry_after_one_dated_ahead_is_told_where_its_checkpoints_are_gone(
        self, days: Journal
    ) -> None:
        days.add(at=days.at + timedelta(days=1))
        days.add(2)
        days.sign()
        assert found(days) == [(Kind.AHEAD, 50)]
        days.at += timedelta(days=2)
        days.add()
        days.sign()
        tamper(("DELETE FROM journal_checkpoint WHERE size = 53",))
        assert found(days) == [(Kind.BACKDATED, 51), (Kind.BACKDATED, 52)]

    def test_a_full_export_with_few_checkpoints(
        self, days: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        days.add(at=days.at - timedelta(days=2))
        days.sign()
        monkeypatch.setattr(evidence, "MOST_CHECKPOINTS", 2)
        monkeypatch.setattr(evidence, "public_keys", lambda: days.first_key)
        written = BytesIO()
        evidence.write_everything(written)
        (tmp_path / "all.zip").write_bytes(written.getvalue())
        with zipfile.ZipFile(tmp_path / "all.zip") as pack:
            assert len(pack.read("checkpoints.jsonl").splitlines()) == 2
        status, words = verify_journal.verdict(tmp_path / "all.zip", [days.first_key], None)
        assert (status, "entry 50 is back-dated" in words[0]) == (1, True)

    def test_a_pack_notes_what_was_signed_long_after(
        self, days: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(evidence, "public_keys", lambda: days.first_key)
        (ticket,) = days.add(at=days.at)
        days.at += timedelta(hours=1)
        days.sign()
        for tickets, is_noted in (([ticket_of(15)], False), ([ticket_of(15), ticket], True)):
            written = BytesIO()
            evidence.write_pack(tickets, written)
            (tmp_path / "some.zip").write_bytes(written.getvalue())
            status, words = verify_journal.verdict(tmp_path / "some.zip", [days.first_key], None)
            assert (status, "no checkpoint before or soon after" in " ".join(words)) == (0, is_noted)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_the_server_itself_signed_is_back_dated(bare: Path, set_clock: SetClock) -> None:
    start = datetime.now(UTC) - timedelta(days=9)
    for day in range(4):
        set_clock(start + timedelta(days=day))
        record(3)
        sequencing.sequence_now()
    set_clock(start + timedelta(days=4))
    append_entries([body_of(entry(9999, start + 5 * MINUTE), "", {})])
    sequencing.sequence_now()
    tamper(("DELETE FROM journal_checkpoint WHERE size > 3 AND size <= 12",))
    record(2)
    sequencing.sequence_now()
    assert [(one.kind, one.where) for one in verify(Outside.read(bare)).problems] == [(Kind.BACKDATED, 12)]


class TestTickets:
    """An entry is shown where it was recorded."""

    def test_a_key_change_that_was_held_back_is_placed_late(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        bodies = [
            body_of(entry(100, journal.at, action=ROTATE, details={"vkey": journal.first_key}), "", {}),
            *(body_of(entry(101 + one, journal.at), "", {}) for one in range(3)),
        ]
        first, *others = append_entries(bodies)
        journal.place([*others, first], [*bodies[1:], bodies[0]])
        journal.sign()
        assert [kind for kind, _ in found(journal)] == [Kind.HANDOVER]  # as it names the key in force

    @pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one transaction at a time")
    def test_what_committed_late_is_placed_late(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        bodies = [body_of(entry(100 + one, journal.at + one * MINUTE), "", {}) for one in range(5)]
        first, *others = append_entries(bodies)
        journal.place([*others, first], [*bodies[1:], bodies[0]])
        journal.at += 5 * MINUTE
        journal.sign()
        assert found(journal) == []

    def test_verifying_from_a_checkpoint_on_looks_back_to_the_entry_before(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3, 4))
        assert journal.verified(since=3).problems == ()
        one, other = ticket_of(2), ticket_of(3)
        if connection.vendor == "postgresql":
            return  # they came within minutes of each other, and may have passed each other by
        for table, column in (("journal_entry", "ticket"), ("journal_leaf", "entry")):
            change = f"UPDATE {table} SET {column} = %s WHERE {column} = %s"  # noqa: S608 - names from above
            tamper((change, -1, one), (change, one, other), (change, other, -1))
        verified = journal.verified(since=3)
        assert [(one.kind, one.where) for one in verified.problems] == [(Kind.TICKET, 3)]
