"""What was permitted before a wait is decided anew after it, from facts read anew."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from allotment.engine.gate import afresh
from allotment.engine.gate.ports import LimitReached
from allotment.engine.gate.values import Answered, Failed, Passage, Stage
from allotment.kernel import clock
from allotment.kernel.errors import NOTHING, NotFound, ProviderError
from tests.engine.gate.scene import Policy, Purse, Room, Scene, Voice, model, passage, question, refusal

SECOND = model("second")


@dataclass
class Queue(Purse):
    """A limiter at which everybody waits, while `meanwhile` happens."""

    meanwhile: Callable[[], None] = lambda: None
    seconds: float = 0.6

    async def reserve(self, *about: Any) -> Room | LimitReached:
        await asyncio.sleep(self.seconds)
        self.meanwhile()
        return await super().reserve(*about)


@dataclass
class Reader:
    """Reads a passage anew: as the first says the first time, as the last says ever after."""

    answers: list[Passage | Exception]
    read: int = 0

    async def __call__(self) -> Passage:
        await asyncio.sleep(0)
        answer = self.answers[min(self.read, len(self.answers) - 1)]
        self.read += 1
        if isinstance(answer, Exception):
            raise answer
        # Made anew at each reading, as its moment says.
        return passage(actor=answer.actor, approver=answer.approver, again=self)


def waits(again: Callable[[], Awaitable[Passage]]) -> Passage:
    return passage(again=again, patience_seconds=30.0)


def test_right_taken_away_while_it_waits_for_room_stops_it() -> None:
    policy = Policy()
    queue = Queue(meanwhile=lambda: setattr(policy, "refused", frozenset({"apps.run"})))
    scene = Scene(purse=queue, policy=policy)
    assert refusal(scene.ask(on_behalf=waits(Reader([passage()])))).stage is Stage.AUTHORISE
    assert scene.calls == 0
    assert [(room.released, room.settled) for room in queue.rooms] == [(1, [])]
    assert scene.book.outcomes == ["refused"]


def test_person_who_left_while_it_waits_for_room_stops_it() -> None:
    scene = Scene(purse=Queue())
    assert refusal(scene.ask(on_behalf=waits(Reader([passage(actor=None)])))).rule == "person"
    assert scene.calls == 0


def test_what_still_holds_after_the_wait_goes_on_as_it_is_now() -> None:
    newest = Reader([passage(approver=UUID(int=77))])
    scene = Scene(purse=Queue())
    assert isinstance(scene.ask(on_behalf=waits(newest)), Answered)
    assert newest.read == 1
    assert scene.book.last.approver == UUID(int=77)
    assert scene.book.last.policies == ("yes", "yes")


def test_what_does_not_wait_is_not_read_again() -> None:
    newest = Reader([passage(actor=None)])
    scene = Scene()
    assert isinstance(scene.ask(on_behalf=waits(newest)), Answered)
    assert newest.read == 0


def test_what_was_old_when_it_came_is_read_again() -> None:
    scene = Scene()
    old = passage(again=Reader([passage(actor=None)]), issued=clock.since_boot() - 1)
    assert refusal(scene.ask(on_behalf=old)).rule == "person"
    assert scene.calls == 0


def test_what_is_gone_is_refused_in_its_own_words() -> None:
    gone = Reader([NotFound("This app is no longer there.", hint="Ask its maker.")])
    refused = refusal(Scene(purse=Queue()).ask(on_behalf=waits(gone)))
    assert (refused.reason, refused.remedy, refused.flagged) == (
        "This app is no longer there.",
        "Ask its maker.",
        False,
    )


def test_what_cannot_be_read_again_is_refused_and_flagged() -> None:
    scene = Scene(purse=Queue())
    refused = refusal(scene.ask(on_behalf=waits(Reader([KeyError("facts")]))))
    assert (refused.rule, refused.flagged) == ("facts unknown", True)
    assert scene.calls == 0


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step take longer than facts stay fresh."""
    monkeypatch.setattr(afresh, "FRESH_SECONDS", -1.0)


@pytest.mark.usefixtures("slow")
def test_right_taken_away_between_two_tries_stops_the_second() -> None:
    down = ProviderError("It is down.", retryable=True).having_taken(NOTHING)
    scene = Scene(Voice([down]))
    on_behalf = waits(Reader([passage(), passage(actor=None)]))
    assert refusal(scene.ask(on_behalf=on_behalf)).rule == "person"
    assert scene.calls == 1
    assert [len(room.settled) + room.released for room in scene.purse.rooms] == [1, 1]


@pytest.mark.usefixtures("slow")
def test_right_taken_away_while_the_first_model_fails_keeps_another_from_standing_in() -> None:
    scene = Scene(Voice([ProviderError("It is down.")]), {"second": Voice()})
    on_behalf = waits(Reader([passage(), passage(actor=None)]))
    outcome = scene.ask(question(fallbacks=(SECOND,)), on_behalf)
    assert isinstance(outcome, Failed)
    assert scene.others["second"].requests == []
    assert scene.book.last.details["skipped"] == "second"


@pytest.mark.usefixtures("slow")
def test_model_that_stands_in_is_decided_with_the_newest_facts() -> None:
    scene = Scene(Voice([ProviderError("It is down.")]), {"second": Voice()})
    on_behalf = waits(Reader([passage(), passage(approver=UUID(int=78))]))
    outcome = scene.ask(question(fallbacks=(SECOND,)), on_behalf)
    assert isinstance(outcome, Answered)
    assert outcome.model == SECOND
    assert scene.book.last.approver == UUID(int=78)
    assert scene.policy.asked[-1][:2] == ("models.ask", "second")
