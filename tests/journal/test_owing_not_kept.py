"""What could not be kept is told by whoever asked; where they have gone meanwhile, by the journal."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from allotment.engine.gate.recording import Record
from allotment.engine.recording import Also, NotKept
from allotment.journal import writing
from allotment.journal.models import JournalEntry
from allotment.journal.writing import JournalWriter
from allotment.kernel.ids import new_id
from tests.engine.gate.scene import passage, question
from tests.journal.conftest import eventually

pytestmark = pytest.mark.django_db(transaction=True)

Tell = Callable[..., object]


def refuse(_rows: Sequence[Any]) -> None:
    raise NotKept("There is no room.", hint="Make some.", retryable=False)


class Answer:
    """A call whose answer cannot be kept, up to its end, as the gate has it."""

    def __init__(self, writer: JournalWriter) -> None:
        self.run = new_id()
        self._record = Record(writer, passage(run=self.run), question())
        self._record.has_asked = True
        self._record.details["tokens_out"] = 12

    async def end(self) -> None:
        try:
            await self._record.done(flagged=False, also=Also(refuse, None))
        finally:
            await self._record.end(asyncio.CancelledError())

    @property
    def told(self) -> list[JournalEntry]:
        return list(JournalEntry.objects.filter(run=self.run))


def telling(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, how: Tell) -> None:
    """Have `how` done in the writer's thread when callers of this loop are to be told."""
    tell = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *callback: how(tell, *callback))


def test_who_hears_of_it_says_how_the_call_ended(writer: JournalWriter) -> None:
    answer = Answer(writer)
    with pytest.raises(NotKept):
        asyncio.run(answer.end())
    (told,) = answer.told
    assert (told.outcome, told.details["reason"]) == ("failed", "cancelled")
    assert writer.can_write


def test_who_goes_away_before_hearing_of_it_is_told_of(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(writer)

    async def go_away() -> None:
        call = asyncio.ensure_future(answer.end())

        def cancel_first(tell: Tell, *callback: Any) -> None:
            tell(call.cancel)
            tell(*callback)

        telling(asyncio.get_running_loop(), monkeypatch, cancel_first)
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(go_away())
    eventually(lambda: bool(answer.told))
    (told,) = answer.told
    assert (told.outcome, told.flagged, "late" in told.details) == ("failed", True, True)
    assert told.details["tokens_out"] == 12


def test_who_goes_away_while_hearing_of_it_is_told_of(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(writer)

    async def go_away() -> None:
        call = asyncio.ensure_future(answer.end())

        def then_cancel(tell: Tell, callback: Tell, *told: Any) -> None:
            tell(lambda: (callback(*told), call.cancel()))  # it was told, but has not run yet

        telling(asyncio.get_running_loop(), monkeypatch, then_cancel)
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(go_away())
    eventually(lambda: bool(answer.told))
    assert [one.outcome for one in answer.told] == ["failed"]


def test_who_has_gone_before_it_was_decided_is_told_of_once(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(writer)
    write = writing._write

    async def go_away() -> None:
        call = asyncio.ensure_future(answer.end())
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()

        def slowly(group: Any) -> Any:
            outcomes = write(group)
            if isinstance(outcomes[0], NotKept):
                asyncio.run_coroutine_threadsafe(leave(), loop).result(30)
            return outcomes

        async def leave() -> None:
            call.cancel()
            await asyncio.sleep(0)
            gone.set()

        monkeypatch.setattr(writing, "_write", slowly)
        await gone.wait()
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(go_away())
    eventually(lambda: writer.can_write and bool(answer.told))
    assert [one.outcome for one in answer.told] == ["failed"]
    outage = JournalEntry.objects.filter(action="journal.write").order_by("-ticket").first()
    assert outage is not None
    assert outage.details["late"] == 1


def test_who_waits_in_a_loop_that_was_closed_is_told_of(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(writer)
    loop = asyncio.new_event_loop()

    def too_late(tell: Tell, *callback: Any) -> None:
        eventually(loop.is_closed)
        tell(*callback)

    telling(loop, monkeypatch, too_late)
    call = loop.create_task(answer.end())
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    eventually(lambda: bool(answer.told))
    assert [one.outcome for one in answer.told] == ["failed"]
    assert not call.done()
