"""What belongs to an entry is on disk with it, or neither is; and one that fails fails alone."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from allotment.engine.recording import Also, Entry, NotKept
from allotment.journal import recording, writing
from allotment.journal.models import JournalChange, JournalEntry
from allotment.journal.writing import JournalWriter
from allotment.kernel.errors import Conflict, Unavailable
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 23, tzinfo=UTC)


def entry(name: str) -> Entry:
    return Entry(AT, "models.ask", "done", None, "test", name)


def write_all(rows: Sequence[tuple[tuple[str, Exception | None], int]]) -> None:
    """Write a row for each that names the entry (any table will do); then end as a crash would, if one is to."""
    for (name, error), ticket in rows:
        JournalChange.objects.create(kind=f"row {ticket}", object_id=name)
        if error is not None:
            raise error


def writes(name: str) -> Also:
    return Also(write_all, (name, None))


def breaks(name: str, error: Exception) -> Also:
    return Also(write_all, (name, error))


def recorded(writer: JournalWriter, *wanted: tuple[str, Also | None]) -> list[int | BaseException]:
    async def record_all() -> list[int | BaseException]:
        waiting = (writer.record(entry(name), also) for name, also in wanted)
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(record_all())


def stored(name: str) -> tuple[list[int], list[str]]:
    """Return the tickets of the entries of this name, and what the rows beside them say."""
    return (
        list(JournalEntry.objects.filter(object_id=name).values_list("ticket", flat=True)),
        list(JournalChange.objects.filter(object_id=name).values_list("kind", flat=True)),
    )


def test_a_row_is_written_with_its_entry_and_knows_its_ticket(writer: JournalWriter) -> None:
    name = str(new_id())
    (ticket,) = recorded(writer, (name, writes(name)))
    assert stored(name) == ([ticket], [f"row {ticket}"])


def test_rows_of_one_group_know_their_own_tickets(writer: JournalWriter) -> None:
    names = [str(new_id()) for _ in range(40)]
    tickets = recorded(writer, *((name, writes(name)) for name in names))
    assert [stored(name) for name in names] == [([ticket], [f"row {ticket}"]) for ticket in tickets]


@pytest.mark.parametrize(
    "error", [RuntimeError("killed"), DatabaseError("disk full"), Conflict("Gone."), Unavailable("Busy.")]
)
def test_where_the_row_cannot_be_written_neither_is_the_entry(
    writer: JournalWriter, error: Exception
) -> None:
    name = str(new_id())
    (failure,) = recorded(writer, (name, breaks(name, error)))
    assert isinstance(failure, NotKept)
    assert failure.retryable == (not isinstance(error, Conflict))
    assert failure.message
    assert failure.__cause__ is error
    assert stored(name) == ([], [])


def test_one_that_fails_loses_nobody_else(writer: JournalWriter) -> None:
    names = [str(new_id()) for _ in range(30)]
    failing = {names[7], names[19]}
    wanted = ((name, breaks(name, RuntimeError()) if name in failing else writes(name)) for name in names)
    outcomes = dict(zip(names, recorded(writer, *wanted), strict=True))
    for name, outcome in outcomes.items():
        if name in failing:
            assert isinstance(outcome, NotKept)
            assert stored(name) == ([], [])
        else:
            assert stored(name) == ([outcome], [f"row {outcome}"])
    assert all(isinstance(one, int) for one in recorded(writer, (str(new_id()), None)))


def test_each_is_retried_in_a_transaction_of_its_own(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable: list[int] = []
    append = recording.append

    def counted(group: list[recording.Prepared]) -> object:
        assert transaction.get_connection().in_atomic_block
        assert not transaction.get_connection().savepoint_ids
        durable.append(len(group))
        return append(group)

    monkeypatch.setattr(writing, "append", counted)
    recorded(writer, ("a", None), ("b", breaks("b", RuntimeError())), ("c", None))
    assert durable == [3, 1, 1, 1]


def test_a_caller_that_went_away_still_keeps_its_row(writer: JournalWriter) -> None:
    name = str(new_id())

    async def cancel() -> None:
        task = asyncio.ensure_future(writer.record(entry(name), writes(name)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    writer.stop()
    tickets, rows = stored(name)
    assert rows == [f"row {ticket}" for ticket in tickets]
    assert len(rows) == 1
