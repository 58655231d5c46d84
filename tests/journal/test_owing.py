"""What happened and could not be recorded is recorded later, once; until then nothing else happens."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connections

from allotment.engine.gate.values import Answered, Outcome, Refused
from allotment.engine.gate.watching import watching
from allotment.engine.recording import Entry
from allotment.journal import writing
from allotment.journal.models import JournalEntry
from allotment.journal.owing import OUTAGE, Owing
from allotment.journal.writing import JournalWriter
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, Unavailable
from allotment.kernel.ids import new_id
from tests.engine.gate.scene import Scene, passage, question
from tests.journal.troubles import full, locked, read_only

pytestmark = pytest.mark.django_db(transaction=True)

Trouble = Callable[[], AbstractContextManager[None]]


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def scene(writer: JournalWriter) -> Scene:
    """A gate in front of the true journal."""
    return Scene(parts={"recorder": writer, "watch": watching(can_write=lambda: writer.can_write)})


def asked(made: Scene, run: UUID, **changes: Any) -> Outcome | Unavailable:
    async def ask() -> Outcome:
        on_behalf = passage(run=run, expires_at=clock.now().replace(year=9999))
        return await made.asked(question(**changes), on_behalf)

    try:
        return asyncio.run(ask())
    except Unavailable as error:
        return error


def entries(run: UUID) -> list[JournalEntry]:
    """Return the last words about the calls of a run, in order."""
    return [
        entry
        for entry in JournalEntry.objects.filter(run=run).order_by("ticket")
        if entry.outcome != "allowed"
    ]


def outages() -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action=OUTAGE).order_by("ticket"))


def entry(**details: int) -> Entry:
    return Entry(clock.now(), "models.ask", "done", None, "model", "m", run=new_id(), details=details)


def record(writer: JournalWriter, *told: Entry) -> list[int | BaseException]:
    """Record what has happened."""

    async def record_all() -> list[int | BaseException]:
        waiting = (writer.record(one, has_happened=True) for one in told)
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(record_all())


@pytest.mark.sqlite
@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize("trouble", [locked, read_only, full])
def test_while_the_journal_cannot_be_written_no_model_is_asked_and_every_call_is_told_later(
    writer: JournalWriter, trouble: Trouble, is_streamed: bool
) -> None:
    made, run, before = scene(writer), new_id(), len(outages())
    with trouble():
        outcomes: list[object] = []
        # A full disk has room for a few small entries.
        while not any(isinstance(one, Unavailable) for one in outcomes):
            outcomes.append(asked(made, run, is_streamed=is_streamed))
            assert len(outcomes) < 500
        calls, released = made.calls, len(made.released)
        for _ in range(5):
            assert isinstance(asked(made, run, is_streamed=is_streamed), Unavailable | Refused)
        assert made.calls == calls == len(outcomes)
        assert len(made.released) == released
        assert not writer.can_write
    eventually(lambda: writer.can_write)
    assert isinstance(asked(made, run, is_streamed=is_streamed), Answered)
    told = [one for one in entries(run) if one.outcome != "refused"]
    assert len(told) == made.calls == calls + 1
    late = [one for one in told if "late" in one.details]
    assert [(one.outcome, one.flagged) for one in late] == [("failed", True)]
    assert late[0].details["tokens_out"]
    assert datetime.fromisoformat(late[0].details["happened"]) <= datetime.fromisoformat(str(late[0].at))
    assert len(outages()) == before + 1
    assert outages()[-1].details["late"] == 1


@pytest.mark.sqlite
def test_all_calls_under_way_are_owed_whoever_still_waits(writer: JournalWriter) -> None:
    told = [entry(step=step) for step in range(40)]

    async def record_and_leave() -> None:
        tasks = [asyncio.ensure_future(writer.record(one, has_happened=True)) for one in told]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with locked():
        asyncio.run(record_and_leave())
        eventually(lambda: not writer.can_write)
    eventually(lambda: writer.can_write)
    found = JournalEntry.objects.filter(id__in=[one.id for one in told]).order_by("ticket")
    assert [one.details["step"] for one in found] == list(range(40))


def test_entry_that_was_written_although_its_commit_was_told_as_failed_is_there_once(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, told = writing._commit, entry()

    def unheard(prepared: Any) -> Any:
        monkeypatch.setattr(writing, "_commit", commit)
        commit(prepared)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(writing, "_commit", unheard)
    (outcome,) = record(writer, told)
    assert isinstance(outcome, Unavailable)
    eventually(lambda: writer.can_write)
    (found,) = JournalEntry.objects.filter(id=told.id)
    assert found.outcome == "done"


@pytest.mark.sqlite
def test_what_never_happened_is_not_told_later(writer: JournalWriter) -> None:
    told = entry()
    with locked(), pytest.raises(Unavailable):
        asyncio.run(writer.record(told))
    eventually(lambda: writer.can_write)
    assert not JournalEntry.objects.filter(id=told.id).exists()


@pytest.mark.sqlite
def test_what_is_owed_is_tried_once_more_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_AGAIN_SECONDS", 3600)
    writer, told = JournalWriter(), entry()
    writer.start()
    with locked():
        record(writer, told)
    assert not JournalEntry.objects.filter(id=told.id).exists()
    writer.stop()
    assert JournalEntry.objects.get(id=told.id).outcome == "failed"


@pytest.mark.sqlite
def test_what_could_not_be_told_to_the_end_is_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    writer = JournalWriter()
    writer.start()
    with locked():
        record(writer, entry(), entry())
        writer.stop()
    assert "2 entries of the journal could not be written" in caplog.text


def test_number_the_journal_cannot_hold_is_left_out_of_what_is_owed(writer: JournalWriter) -> None:
    told = entry(cost=2**60)
    (outcome,) = record(writer, told)
    assert isinstance(outcome, Invalid)
    eventually(lambda: writer.can_write)
    found = JournalEntry.objects.get(id=told.id)
    assert (found.outcome, found.flagged, "cost" in found.details) == ("failed", True, False)


def test_line_that_is_full_owes_what_has_happened() -> None:
    writer, told = JournalWriter(capacity=1), [entry(), entry()]
    writer._is_open = True  # open, but nobody takes entries out yet

    async def overfill() -> None:
        first = asyncio.ensure_future(writer.record(told[0], has_happened=True))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await writer.record(told[1], has_happened=True)
        assert not writer.can_write
        writer.start()
        await first

    asyncio.run(overfill())
    writer.stop()
    assert JournalEntry.objects.filter(id__in=[one.id for one in told]).count() == 2


def test_what_no_longer_fits_is_counted() -> None:
    owing, written = Owing(2), []
    for _ in range(5):
        owing.owe(entry(), "", Unavailable("The disk is full."))

    def write(group: Any) -> list[Any]:
        written.extend(one.entry for one in group)
        return list(range(len(group)))

    assert owing.pay(write) is None
    assert [one.action for one in written] == ["models.ask", "models.ask", OUTAGE]
    assert (written[-1].details["late"], written[-1].details["lost"]) == (2, 3)
    assert not owing.is_behind


def test_debt_that_cannot_be_paid_stays_in_its_order() -> None:
    owing, told = Owing(9), [entry(step=step) for step in range(3)]
    for one in told:
        owing.owe(one, "", Unavailable("The disk is full."))
    refusal = Unavailable("Still full.")
    assert owing.pay(lambda group: [refusal for _ in group]) is refusal
    written: list[int] = []
    owing.pay(lambda group: [written.append(one.entry.details.get("step")) or 1 for one in group])
    assert written[:3] == [0, 1, 2]


def test_debt_stays_although_writing_it_breaks() -> None:
    owing = Owing(9)
    for _ in range(3):
        owing.owe(entry(), "", Unavailable("The disk is full."))

    def broken(_group: Any) -> list[Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        owing.pay(broken)
    assert owing.left == 3


def test_what_is_added_while_an_outage_is_told_is_told_as_another() -> None:
    owing, told = Owing(1), []
    trouble = Unavailable("The disk is full.")
    owing.owe(entry(), "", trouble)

    def write(group: Any) -> list[Any]:
        told.extend(one.entry for one in group if one.entry.action == OUTAGE)
        if len(told) == 1 and group[0].entry.action == OUTAGE:
            for _ in range(3):  # one fits
                owing.owe(entry(), "", trouble)
        return list(range(len(group)))

    assert owing.pay(write) is None
    assert [(one.details["late"], one.details["lost"]) for one in told] == [(1, 0), (1, 2)]
    assert len({one.id for one in told}) == 2
    assert (owing.is_behind, owing.left) == (False, 0)


def test_what_comes_after_the_end_is_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    writer, told = JournalWriter(), entry()
    writer.start()
    writer.stop()
    (outcome,) = record(writer, told)
    assert isinstance(outcome, Unavailable)
    assert str(told.id) in caplog.text


@pytest.fixture(autouse=True)
def _main_thread_keeps_its_connection() -> None:
    """Read in tests through the connection there is: new ones are made to fail."""
    connections["default"].ensure_connection()
