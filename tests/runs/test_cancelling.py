"""Cancelling reaches the provider, also when the call is under way in another process than the one that cancels.

What another process does to a run is a row in the database; so is what these tests do.
"""

import time
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from django.db import OperationalError

from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.journal.models import JournalEntry
from allotment.runs import cancelling, starting
from allotment.runs.cancelling import mark_cancelled
from allotment.runs.models import Run, RunStep
from tests.conftest import Somebody
from tests.runs.conftest import Door, eventually
from tests.runs.test_running import FORM, finished


class Streams:
    """The provider's streams, as they are opened and closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = self.closed = 0
        chat = ScriptedProvider.chat

        async def counted(provider: ScriptedProvider, request: ChatRequest) -> AsyncIterator[ChatDelta]:
            self.opened += 1
            try:
                async for delta in chat(provider, request):
                    yield delta
            finally:
                self.closed += 1

        monkeypatch.setattr(ScriptedProvider, "chat", counted)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Streams:
    return Streams(monkeypatch)


def under_way(app: UUID, who: Somebody, streams: Streams) -> UUID:
    """Begin a run and wait until its provider is asked."""
    run = starting.start(app, who.actor, FORM)
    eventually(lambda: streams.opened > 0)
    return run


def reasons(run: UUID) -> list[str]:
    """Return how the questions of a run ended, by the journal."""
    entries = JournalEntry.objects.filter(run=run, action="models.ask").exclude(outcome="allowed")
    return [f"{entry.outcome}: {entry.details.get('reason')}" for entry in entries]


def test_a_run_cancelled_by_another_process_stops_the_provider(
    app: UUID, colleague: Somebody, script: Callable[..., None], streams: Streams
) -> None:
    script(failure="hang")
    run = under_way(app, colleague, streams)
    assert mark_cancelled(run, colleague.actor)
    eventually(lambda: streams.closed == streams.opened)
    eventually(lambda: reasons(run) == ["failed: cancelled"])
    assert finished(colleague.actor, run).state == "cancelled"
    assert not RunStep.objects.filter(run=run).exists()


def test_only_the_run_that_was_cancelled_is_stopped(
    app: UUID, colleague: Somebody, door: Door, streams: Streams
) -> None:
    other = starting.start(app, colleague.actor, FORM)
    run = starting.start(app, colleague.actor, FORM)
    eventually(lambda: streams.opened == 2)
    mark_cancelled(run, colleague.actor)
    eventually(lambda: streams.closed == 1)
    door.open()
    assert finished(colleague.actor, other).state == "done"


def test_a_look_that_fails_is_made_again(
    app: UUID,
    colleague: Somebody,
    script: Callable[..., None],
    streams: Streams,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing: list[Exception] = [OperationalError("the database is away"), KeyError("of Vera Planck")]
    ended = cancelling._ended

    def fails_twice(runs: tuple[UUID, ...]) -> tuple[UUID, ...]:
        if failing:
            raise failing.pop()
        return ended(runs)

    monkeypatch.setattr(cancelling, "_ended", fails_twice)
    monkeypatch.setattr(cancelling, "_LOOKS_EVERY_SECONDS", 0.05)
    script(failure="hang")
    run = under_way(app, colleague, streams)
    mark_cancelled(run, colleague.actor)
    eventually(lambda: streams.closed == streams.opened)
    assert not failing


def test_all_calls_of_a_process_are_looked_up_at_once_and_without_calls_nothing_is(
    app: UUID,
    colleague: Somebody,
    script: Callable[..., None],
    streams: Streams,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[set[UUID]] = []
    ended = cancelling._ended

    def noted(runs: tuple[UUID, ...]) -> tuple[UUID, ...]:
        looks.append(set(runs))
        return ended(runs)

    monkeypatch.setattr(cancelling, "_ended", noted)
    monkeypatch.setattr(cancelling, "_LOOKS_EVERY_SECONDS", 0.05)
    script(failure="hang")
    runs = {starting.start(app, colleague.actor, FORM) for _ in range(2)}
    eventually(lambda: bool(looks) and looks[-1] == runs)
    for run in runs:
        mark_cancelled(run, colleague.actor)
    eventually(lambda: streams.closed == 2)
    eventually(lambda: cancelling._looking is not None and cancelling._looking.done())
    made = len(looks)
    time.sleep(0.3)
    assert len(looks) == made
    assert Run.objects.filter(state="cancelled").count() == 2
