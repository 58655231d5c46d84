"""The gate's group commit: nothing is lost, nothing is answered before it is on disk, failures reach the caller."""

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allotment.engine.recording import Entry, Personal
from allotment.journal import writing
from allotment.journal.models import JournalEntry
from allotment.journal.personal import values_of
from allotment.journal.writing import JournalWriter
from allotment.kernel.errors import Invalid, Unavailable
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 23, tzinfo=UTC)


def entry(object_id: str = "x", **details: int) -> Entry:
    return Entry(AT, "apps.run", "done", None, "test", object_id, details=details)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new connections wait for a lock for a moment only."""
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "init_command", "PRAGMA busy_timeout=50")
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)


def database_file() -> str:
    return str(django_settings.DATABASES["default"]["NAME"])


@pytest.mark.sqlite
def test_a_recorded_entry_is_on_disk_when_its_number_arrives(writer):
    number = asyncio.run(writer.record(entry("first")))
    with sqlite3.connect(f"file:{database_file()}?mode=ro", uri=True) as other:
        stored = other.execute("SELECT object_id FROM journal_entry WHERE ticket = ?", [number]).fetchone()
    other.close()
    assert stored == ("first",)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(1, 60), min_size=8, max_size=8), group=st.integers(1, 40))
def test_eight_threads_lose_nothing_and_keep_their_order(counts: list[int], group: int):
    writer = JournalWriter(group=group)
    writer.start()
    callers = [str(new_id()) for _ in counts]
    numbers: dict[str, list[int]] = {}

    def call(caller: str, count: int) -> None:
        async def record_all() -> list[int]:
            return await asyncio.gather(*(writer.record(entry(caller, step=step)) for step in range(count)))

        numbers[caller] = asyncio.run(record_all())

    threads = [threading.Thread(target=call, args=pair) for pair in zip(callers, counts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.stop()
    for caller, count in zip(callers, counts, strict=True):
        rows = list(JournalEntry.objects.filter(object_id=caller).order_by("ticket"))
        assert [row.details["step"] for row in rows] == list(range(count))
        assert [row.ticket for row in rows] == numbers[caller]


def test_entries_that_wait_together_share_a_transaction(writer, monkeypatch):
    sizes: list[int] = []
    commit = writing._commit
    monkeypatch.setattr(writing, "_commit", lambda rows: sizes.append(len(rows)) or commit(rows))

    async def record_many() -> None:
        await asyncio.gather(*(writer.record(entry()) for _ in range(1200)))

    asyncio.run(record_many())
    assert sum(sizes) == 1200
    assert max(sizes) <= writing.GROUP
    assert len(sizes) < 300


def test_stopping_writes_what_still_waits():
    writer = JournalWriter()
    writer.start()

    async def record_then_stop() -> list[int]:
        waiting = [asyncio.ensure_future(writer.record(entry("late"))) for _ in range(30)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.stop)
        return await asyncio.gather(*waiting)

    assert len(asyncio.run(record_then_stop())) == 30


def test_a_cancelled_caller_leaves_its_entry_in_the_journal(writer):
    name = str(new_id())

    async def cancel() -> None:
        task = asyncio.ensure_future(writer.record(entry(name)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    writer.stop()
    assert JournalEntry.objects.filter(object_id=name).count() == 1


@pytest.mark.sqlite
def test_a_locked_database_fails_every_waiting_caller_and_recovers(impatient, writer):
    lock = sqlite3.connect(database_file(), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def record_some() -> list[int | BaseException]:
        return await asyncio.gather(*(writer.record(entry()) for _ in range(5)), return_exceptions=True)

    failed = asyncio.run(record_some())
    lock.execute("ROLLBACK")
    lock.close()
    assert all(isinstance(one, Unavailable) and one.code == "not-recorded" for one in failed)
    assert "could not be recorded, so it was not done" in str(failed[0])
    assert len({id(one) for one in failed}) == 5
    assert asyncio.run(writer.record(entry())) > 0


@pytest.mark.sqlite
def test_a_database_that_may_only_be_read_fails_the_caller(writer, monkeypatch):
    read_only = "PRAGMA query_only=ON"
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "init_command", read_only)
    with pytest.raises(Unavailable) as failure:
        asyncio.run(writer.record(entry()))
    assert "readonly" in failure.value.hint


@pytest.mark.sqlite
def test_a_full_disk_fails_the_caller(writer, monkeypatch):
    """SQLite answers SQLITE_FULL at its page limit just as it does on a full disk."""
    pages = Path(database_file()).stat().st_size // 4096
    monkeypatch.setitem(
        connections.settings["default"]["OPTIONS"], "init_command", f"PRAGMA max_page_count={pages}"
    )
    with connections["default"].cursor() as cursor:
        cursor.execute("PRAGMA freelist_count")
        free = cursor.fetchone()[0] * 4096  # inside the file, left by other tests
    big = Entry(AT, "apps.run", "done", None, "test", "x", details={"filler": "x" * (free + 200_000)})
    with pytest.raises(Unavailable) as failure:
        asyncio.run(writer.record(big))
    assert "full" in failure.value.hint


def test_more_than_the_queue_holds_is_refused_at_once():
    writer = JournalWriter(capacity=3)
    writer._is_open = True  # open, but nobody takes entries out

    async def overfill() -> None:
        waiting = [asyncio.ensure_future(writer.record(entry())) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await writer.record(entry())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(overfill())


def test_a_stopped_writer_refuses(writer):
    writer.stop()
    with pytest.raises(Unavailable):
        asyncio.run(writer.record(entry()))


def test_an_entry_the_table_cannot_hold_fails_its_own_caller_only(writer):
    async def record_both() -> list[int | BaseException]:
        broken = Entry(AT, "apps.run", "done", None, "test", "x", details={"cost": 2**60})
        return await asyncio.gather(writer.record(broken), writer.record(entry()), return_exceptions=True)

    bad, good = asyncio.run(record_both())
    assert isinstance(bad, Invalid)
    assert isinstance(good, int)


def test_an_entry_that_is_there_already_fails_its_own_caller_only(writer):
    first = entry(str(new_id()))

    async def record_group() -> list[int | BaseException]:
        await writer.record(first)
        return await asyncio.gather(
            *(writer.record(one) for one in (entry(), first, entry(), first)), return_exceptions=True
        )

    good, replayed, also_good, again = asyncio.run(record_group())
    assert isinstance(good, int)
    assert isinstance(also_good, int)
    assert [one.code for one in (replayed, again)] == ["replayed", "replayed"]
    assert JournalEntry.objects.filter(id=first.id).count() == 1


def test_an_entry_twice_in_one_group_is_written_once(writer):
    twin = entry(str(new_id()))

    async def record_twice() -> list[int | BaseException]:
        return await asyncio.gather(writer.record(twin), writer.record(twin), return_exceptions=True)

    assert sum(isinstance(one, int) for one in asyncio.run(record_twice())) == 1
    assert JournalEntry.objects.filter(id=twin.id).count() == 1


def test_the_policies_in_force_are_stamped_when_the_caller_asks(writer, monkeypatch):
    monkeypatch.setattr(writing, "policy_version", lambda: "0123456789ab")
    ticket = asyncio.run(writer.record(entry()))
    assert JournalEntry.objects.get(ticket=ticket).content.policy_version == "0123456789ab"


def test_personal_values_are_kept_beside_the_entry(writer):
    told = Entry(
        AT, "apps.run", "done", None, "test", "x", personal={"name": Personal(new_id(), "Mira Patel")}
    )
    asyncio.run(writer.record(told))
    (value,) = values_of([told.id])[told.id]
    assert value.value == "Mira Patel"


def test_a_defect_in_the_writer_reaches_those_who_wait(writer, monkeypatch):
    def defective(_rows: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(writing, "_commit", defective)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with pytest.raises(Unavailable):
        asyncio.run(writer.record(entry()))
    with pytest.raises(Unavailable):
        asyncio.run(writer.record(entry()))
    # The thread is to end while its complaint still goes nowhere.
    for thread in threading.enumerate():
        if thread.name == "journal-writer":
            thread.join(10)
