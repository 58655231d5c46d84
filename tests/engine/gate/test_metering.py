"""Metering: whatever reached a provider counts, however it ended; no budget is passed by more than one call."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allotment.engine.asking import ChatDelta, ChatRequest, Usage
from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.breaker import BreakerRules, Breakers
from allotment.engine.gate.budgets import Measure
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.ports import LimitReached
from allotment.engine.gate.values import Answered, Failed, Refused
from allotment.kernel import clock
from allotment.kernel.deadlines import Deadlines
from allotment.kernel.errors import NOTHING, ProviderError, Took, Unavailable
from tests.engine.gate.scene import NOW, Purse, Room, Scene, Shelf, Voice, model, question
from tests.engine.gate.test_bounding import Book

MOST = at_most(question(), model())
SECOND = model("second")


def lost() -> ProviderError:
    """The connection broke, and nobody knows what the question took."""
    return ProviderError("It broke off.", hint="Wait.", retryable=True)


def refused() -> ProviderError:
    return ProviderError("It is busy.", hint="Wait.", retryable=True).having_taken(NOTHING)


def settled(scene: Scene) -> list[Usage]:
    """Return what each try was settled at, in order."""
    return [usage for room in scene.purse.rooms for usage, _ in room.settled]


def test_answer_counts_as_the_provider_said() -> None:
    scene = Scene()
    scene.ask()
    assert settled(scene) == [Usage(10, 5)]
    assert "estimated" not in scene.book.last.details


def test_refusal_of_the_provider_counts_as_a_call_without_tokens() -> None:
    scene = Scene(Voice([refused()] * 9))
    assert isinstance(scene.ask(), Failed)
    assert settled(scene) == [Usage(0, 0)] * 3
    assert scene.book.last.details["cost_nanodollars"] == 0


def test_connection_that_was_lost_counts_as_the_most_it_can_have_taken() -> None:
    scene = Scene(Voice([lost()]), parts={"patience": Patience(tries=1)})
    scene.ask()
    assert settled(scene) == [MOST]
    details = scene.book.last.details
    assert (details["tokens_in"], details["tokens_out"], details["estimated"]) == (
        MOST.tokens_in,
        MOST.tokens_out,
        True,
    )


def test_failure_that_says_what_it_took_counts_so() -> None:
    scene = Scene(Voice([ProviderError("It did not fit.").having_taken(Took(30, 20))]))
    scene.ask()
    assert settled(scene) == [Usage(30, 20)]


def test_empty_answer_counts_as_the_provider_said() -> None:
    scene = Scene(Voice(answer=(" ",)))
    assert isinstance(scene.ask(), Failed)
    assert settled(scene) == [Usage(10, 5)]


def test_call_that_is_overdue_counts_as_the_most_it_can_have_taken() -> None:
    scene = Scene(Voice(hangs_after=0), parts={"deadlines": Deadlines(0.03)})
    scene.ask(question(is_streamed=False))
    assert settled(scene) == [MOST]


def test_answer_that_was_not_released_counts_as_the_provider_said() -> None:
    scene = Scene()

    async def gone(text: str) -> None:
        if scene.voice.closed:
            raise anyio.BrokenResourceError

    async def ask() -> None:
        with pytest.raises(anyio.BrokenResourceError):
            await scene.asked(release=gone)

    with clock.frozen(NOW):
        anyio.run(ask)
    assert settled(scene) == [Usage(10, 5)]


def test_tries_that_failed_are_added_to_what_the_call_took() -> None:
    scene = Scene(Voice([lost(), refused()]))
    outcome = scene.ask()
    assert isinstance(outcome, Answered)
    assert settled(scene) == [MOST, Usage(0, 0), Usage(10, 5)]
    assert outcome.usage == Usage(MOST.tokens_in + 10, MOST.tokens_out + 5, estimated=True)
    assert outcome.cost_nanodollars == scene.book.last.details["cost_nanodollars"]
    assert outcome.cost_nanodollars == MOST.tokens_in + MOST.tokens_out + 15


def test_what_the_first_model_took_counts_when_another_takes_over() -> None:
    voice = Voice([ProviderError("It did not fit.").having_taken(Took(30, 20))])
    scene = Scene(voice, {"second": Voice()})
    outcome = scene.ask(question(fallbacks=(SECOND,)))
    assert isinstance(outcome, Answered)
    assert [(room.model, room.settled) for room in scene.purse.rooms] == [
        ("m", [(Usage(30, 20), 50)]),
        ("second", [(Usage(10, 5), 90)]),
    ]
    assert scene.book.last.details["cost_nanodollars"] == 140


@dataclass
class Narrow(Purse):
    """A limiter with room for so many tries."""

    tries: int = 1

    async def reserve(self, *about: object) -> Room | LimitReached:
        if len(self.rooms) >= self.tries:
            return LimitReached("minute", "Too many.", "Wait.", NOW)
        return await super().reserve(*about)  # type: ignore[arg-type]


def test_without_room_for_another_try_the_failure_counts() -> None:
    scene = Scene(Voice([lost(), lost()]), purse=Narrow(tries=2))
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert outcome.reason == "It broke off."
    assert scene.calls == 2


@pytest.mark.parametrize(
    "said", [Usage(-500, 3), Usage(9, -2), Usage(0, 0), Usage(2**60, 1)], ids=["in", "out", "none", "huge"]
)
def test_numbers_that_cannot_be_are_estimated_instead(said: Usage) -> None:
    scene = Scene(Counting(said=said))
    scene.ask()
    assert settled(scene) == [Usage(4, 1, estimated=True)]


@dataclass
class Counting(Voice):
    """A provider that says it took this."""

    said: Usage | None = None

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        yield ChatDelta(text="Soon.")
        yield ChatDelta(finish="stop", usage=self.said)


@dataclass
class Unpriced(Shelf):
    """A directory that knows a price once it has looked for the model."""

    looked: list[str] = field(default_factory=list)

    async def provider(self, asked):
        self.looked.append(asked.id)
        return await super().provider(asked)

    def cost_nanodollars(self, asked, usage):
        if asked.id not in self.looked:
            raise Unavailable("Nobody knows what this model costs.")
        return super().cost_nanodollars(asked, usage)


def test_price_that_nobody_knows_is_looked_up_before_room_is_set_aside() -> None:
    scene = Scene(parts={"directory": Unpriced({"m": Voice()})})
    assert isinstance(scene.ask(), Answered)
    assert scene.purse.rooms[0].demand.nanodollars == MOST.tokens_in + MOST.tokens_out


def test_model_that_is_off_and_has_no_price_says_that_it_is_off() -> None:
    scene = Scene(parts={"directory": Unpriced({"m": Voice()}, frozenset({"m"}))})
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert outcome.reason == "This model is off."


@dataclass
class Returning(Unpriced):
    """One that finds each model only at the second look."""

    missed: list[str] = field(default_factory=list)

    async def provider(self, asked):
        if asked.id not in self.missed:
            self.missed.append(asked.id)
            raise Unavailable("The Vault does not answer.", hint="Wait.")
        return await super().provider(asked)


def test_model_that_can_be_reached_again_is_not_asked_without_money_set_aside() -> None:
    voice = Voice()
    scene = Scene(voice, parts={"directory": Returning({"m": voice})})
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.remedy) == ("The Vault does not answer.", "Wait.")
    assert scene.calls == 0
    assert [(room.demand.nanodollars, room.settled, room.released) for room in scene.purse.rooms] == [
        (0, [], 1)
    ]


def test_fallback_of_a_model_without_a_price_has_money_of_its_own_set_aside() -> None:
    voice, other = Voice(), Voice()
    directory = Returning({"m": voice, "second": other}, missed=["second"])
    scene = Scene(voice, {"second": other}, parts={"directory": directory})
    outcome = scene.ask(question(fallbacks=(SECOND,)))
    assert isinstance(outcome, Answered)
    assert (outcome.model, len(voice.requests)) == (SECOND, 0)
    assert [(room.model, room.demand.nanodollars) for room in scene.purse.rooms] == [
        ("m", 0),
        ("second", (MOST.tokens_in + MOST.tokens_out) * len("second")),
    ]


def test_fallback_that_was_unreachable_when_room_was_set_aside_is_not_asked_either() -> None:
    voice, other = Voice([refused()]), Voice()
    directory = Returning({"m": voice, "second": other}, missed=["m"])
    parts = {"directory": directory, "patience": Patience(tries=1)}
    scene = Scene(voice, {"second": other}, parts=parts)
    outcome = scene.ask(question(fallbacks=(SECOND,)))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "It is busy."
    assert other.requests == []
    assert scene.book.last.details["troubled"] == "m, second"


@dataclass
class Forgetful(Unpriced):
    """One that loses model and price while a question is out."""

    def cost_nanodollars(self, asked, usage):
        cost = super().cost_nanodollars(asked, usage)
        if usage == Usage(0, 0):
            self.looked.clear()
            self.off = frozenset({asked.id})
        return cost


def test_no_other_try_is_made_when_its_price_is_not_known_any_more() -> None:
    voice = Voice([refused()])
    scene = Scene(voice, parts={"directory": Forgetful({"m": voice})})
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert outcome.reason == "It is busy."
    assert scene.calls == 1
    assert [room.settled for room in scene.purse.rooms] == [[(Usage(0, 0), 0)], []]


ENDINGS = ("answers", "refuses", "loses", "hangs", "is empty", "is told", "breaks")
PRESSING = question("Is it yes? " * 9, is_streamed=False)


@dataclass
class Moody:
    """A provider that takes all it may, whatever comes of it, and that only says so when it must."""

    endings: list[str]
    used: int = 0
    asked: int = 0

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        ending = self.endings[self.asked % len(self.endings)]
        self.asked += 1
        tokens = sum(len(message.content.encode()) + 5 for message in request.messages) + 3
        await asyncio.sleep(0)
        if ending == "refuses":
            raise refused()
        self.used += tokens + request.max_tokens
        if ending == "loses":
            raise lost()
        if ending == "hangs":
            await asyncio.sleep(3600)
        if ending == "breaks":
            raise ZeroDivisionError
        if ending == "is told":
            raise ProviderError("It did not fit.").having_taken(Took(tokens, request.max_tokens))
        yield ChatDelta(text="" if ending == "is empty" else "yes")
        yield ChatDelta(finish="stop", usage=Usage(tokens, request.max_tokens))

    async def models(self) -> tuple[str, ...]:
        return ("m",)


def never_resting() -> Breakers:
    return Breakers(BreakerRules(failures=1_000_000))


async def press(scene: Scene, callers: int) -> None:
    """Let so many callers ask at once, three times each."""

    async def caller() -> None:
        for _ in range(3):
            await asyncio.gather(scene.asked(PRESSING), return_exceptions=True)

    await asyncio.gather(*(caller() for _ in range(callers)))


@settings(max_examples=60, deadline=None)
@given(endings=st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=8))
@example(["loses"])
@example(["hangs"])
@example(["refuses"])
@example(["is told"])
@example(["breaks"])
def test_however_calls_end_no_budget_of_tokens_is_passed_by_more_than_one(endings: list[str]) -> None:
    limit, moody = 12_000, Moody(endings)
    parts = {"limiter": Book(limit), "deadlines": Deadlines(0.02), "breakers": never_resting()}
    scene = Scene(voice=moody, parts=parts)  # type: ignore[arg-type]
    one = at_most(PRESSING, model())
    with clock.frozen(NOW):
        anyio.run(press, scene, 16)
    assert moody.used <= limit + one.tokens_in + one.tokens_out


@settings(max_examples=40, deadline=None)
@given(endings=st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=8))
@example(["loses"])
@example(["hangs"])
@example(["refuses"])
@example(["is told"])
@example(["breaks"])
def test_however_calls_end_no_budget_of_calls_is_passed(endings: list[str]) -> None:
    moody = Moody(endings)
    parts = {
        "limiter": Book(20, Measure.CALLS),
        "deadlines": Deadlines(0.02),
        "breakers": never_resting(),
    }
    scene = Scene(voice=moody, parts=parts)  # type: ignore[arg-type]
    with clock.frozen(NOW):
        anyio.run(press, scene, 16)
    assert moody.asked <= 20


def test_refusals_use_up_the_rate_as_answers_do() -> None:
    moody = Moody(["refuses"])
    parts = {"limiter": Book(20, Measure.CALLS), "breakers": never_resting()}
    scene = Scene(voice=moody, parts=parts)  # type: ignore[arg-type]
    with clock.frozen(NOW):
        anyio.run(press, scene, 16)
        outcome = anyio.run(scene.asked)
    assert moody.asked <= 20
    assert isinstance(outcome, Refused)
