"""Perform: tries, pauses, models that stand in, connections that rest, deadlines, calls given up."""

import asyncio

import anyio
import pytest
from msgspec.structs import replace

from allotment.engine.asking import AnswerLabel, Usage
from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.breaker import BreakerRules, Breakers
from allotment.engine.gate.performing import Patience, pause_before_retry
from allotment.engine.gate.values import Answered, Failed, Outcome, Stage
from allotment.kernel import clock
from allotment.kernel.deadlines import Deadlines
from allotment.kernel.errors import NOTHING, ProviderError
from tests.engine.gate.scene import ANSWER, NOW, Book, Policy, Purse, Scene, Voice, model, question, refusal

SECOND, THIRD = model("second"), model("third")


def down(**changes: object) -> ProviderError:
    return ProviderError("It is down.", **{"hint": "Wait.", "retryable": True, **changes})


def refusing(**changes: object) -> ProviderError:
    """The provider says no, which costs nothing."""
    return down(**{"retryable": False, **changes}).having_taken(NOTHING)


def answered(outcome: Outcome) -> Answered:
    assert isinstance(outcome, Answered), outcome
    return outcome


def test_failure_that_may_pass_is_tried_again() -> None:
    scene = Scene(Voice([down(), down()]))
    answered(scene.ask())
    assert len(scene.voice.requests) == 3
    assert scene.book.last.details["retries"] == 2
    assert [len(room.settled) for room in scene.purse.rooms] == [1, 1, 1]


def test_it_is_not_tried_for_ever() -> None:
    scene = Scene(Voice([down()] * 9))
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.remedy, outcome.retryable) == ("It is down.", "Wait.", True)
    assert len(scene.voice.requests) == 3
    assert scene.book.outcomes == ["failed"]
    assert scene.book.last.details["reason"] == "It is down."


def test_what_a_retry_cannot_help_is_not_tried_again() -> None:
    scene = Scene(Voice([refusing()] * 9))
    assert isinstance(scene.ask(), Failed)
    assert len(scene.voice.requests) == 1


def test_answer_that_was_passed_on_is_never_asked_for_again() -> None:
    voice = Voice(answer=("A whole sentence. ", "More."), breaks_off=down())
    scene = Scene(voice, {"second": Voice()})
    assert isinstance(scene.ask(question(fallbacks=(SECOND,))), Failed)
    assert scene.released == ["A whole sentence. "]
    assert scene.calls == 1
    assert scene.book.outcomes == ["allowed", "failed"]


def test_part_that_nobody_saw_does_not_keep_from_trying_again() -> None:
    scene = Scene(Voice(answer=("ca", "rd"), breaks_off=down()))
    scene.ask(question(answer=AnswerLabel(("card",))))
    assert len(scene.voice.requests) == 3


def test_answer_that_was_broken_off_counts_as_far_as_it_came() -> None:
    scene = Scene(Voice(answer=("A whole sentence. ", "More."), breaks_off=down()))
    scene.ask()
    assert scene.purse.rooms[0].settled == [(Usage(4, 4, estimated=True), 8)]
    assert scene.book.last.details["tokens_out"] == 4


@pytest.mark.parametrize(
    ("error", "tried", "low", "high"),
    [
        (down(), 1, 0.2, 0.6),
        (down(), 2, 0.4, 1.2),
        (down(retry_after_seconds=2), 1, 2, 2),
    ],
)
def test_pauses_grow_and_are_at_least_what_the_provider_wants(
    error: ProviderError, tried: int, low: float, high: float
) -> None:
    pause = pause_before_retry(error, tried, Patience())
    assert pause is not None
    assert low <= pause <= high


def test_provider_that_wants_a_long_pause_is_not_waited_for() -> None:
    scene = Scene(Voice([down(retry_after_seconds=60)]))
    outcome = scene.ask()
    assert isinstance(outcome, Failed)
    assert outcome.retry_after_seconds == 60
    assert len(scene.voice.requests) == 1


def test_model_that_may_stand_in_answers_at_its_own_price() -> None:
    scene = Scene(Voice([refusing()]), {"second": Voice()})
    outcome = answered(scene.ask(question(fallbacks=(SECOND,))))
    assert outcome.model == SECOND
    assert outcome.cost_nanodollars == 15 * len("second")
    first, second = scene.purse.rooms
    assert (first.settled, first.released) == ([(Usage(0, 0), 0)], 1)
    assert second.model == "second"
    assert [cost for _, cost in second.settled] == [90]
    entry = scene.book.last
    assert entry.object_id == "second"
    assert (entry.details["asked"], entry.details["troubled"]) == ("m", "m")


def test_every_model_that_stands_in_is_decided_on_its_own() -> None:
    scene = Scene(
        Voice([refusing()]), {"second": Voice(), "third": Voice()}, policy=Policy(frozenset({"second"}))
    )
    outcome = answered(scene.ask(question(fallbacks=(SECOND, THIRD))))
    assert outcome.model == THIRD
    assert scene.others["second"].requests == []
    assert scene.book.last.details["skipped"] == "second"
    assert ("models.ask", "third", {"data_class": "internal"}) in scene.policy.asked


def test_model_whose_budget_is_used_up_does_not_stand_in() -> None:
    scene = Scene(Voice([refusing()]), {"second": Voice()}, purse=Purse(frozenset({"second"})))
    assert isinstance(scene.ask(question(fallbacks=(SECOND,))), Failed)
    assert scene.others["second"].requests == []


def test_budget_of_the_asked_model_is_not_got_round_by_another() -> None:
    scene = Scene(others={"second": Voice()}, purse=Purse(frozenset({"m"})))
    assert refusal(scene.ask(question(fallbacks=(SECOND,)))).stage is Stage.LIMIT
    assert scene.calls == 0


def test_when_no_model_can_answer_the_trouble_of_the_asked_one_counts() -> None:
    scene = Scene(Voice([refusing()]), {"second": Voice([ProviderError("Also down.")])})
    outcome = scene.ask(question(fallbacks=(SECOND,)))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "It is down."
    assert scene.book.last.details["troubled"] == "m, second"


def test_model_that_is_off_fails_with_its_words_and_another_stands_in() -> None:
    off = Scene(off=frozenset({"m"}))
    outcome = off.ask()
    assert isinstance(outcome, Failed)
    assert outcome.reason == "This model is off."
    assert off.book.outcomes == ["failed"]
    scene = Scene(others={"second": Voice()}, off=frozenset({"m"}))
    assert answered(scene.ask(question(fallbacks=(SECOND,)))).model == SECOND


def test_connection_that_keeps_failing_rests_until_a_named_time() -> None:
    scene = Scene(Voice([down()] * 9), parts={"breakers": Breakers(BreakerRules(failures=3))})
    assert isinstance(scene.ask(), Failed)
    refused = refusal(scene.ask())
    assert (refused.stage, refused.rule) == (Stage.PERFORM, "resting")
    assert "12:00:1" in refused.reason
    assert refused.until is not None
    assert len(scene.voice.requests) == 3
    assert scene.purse.rooms[-1].released == 1


def test_resting_connection_lets_another_model_stand_in() -> None:
    breakers = Breakers(BreakerRules(failures=3))
    scene = Scene(Voice([down()] * 9), {"second": Voice()}, parts={"breakers": breakers})
    scene.ask()
    assert answered(scene.ask(question(fallbacks=(SECOND,)))).model == SECOND
    assert len(scene.voice.requests) == 3


def test_refused_key_rests_the_connection_at_once() -> None:
    scene = Scene(Voice([refusing(rejected_credential=True)]))
    scene.ask()
    assert "refuses our key" in refusal(scene.ask()).reason


def test_input_the_provider_refuses_never_rests_it() -> None:
    scene = Scene(Voice([refusing()] * 50))
    for _ in range(50):
        assert isinstance(scene.ask(), Failed)
    assert scene.gate.breakers.resting() == frozenset()
    answered(scene.ask())


def test_whole_call_has_one_deadline() -> None:
    scene = Scene(Voice(hangs_after=0), {"second": Voice()}, parts={"deadlines": Deadlines(0.05)})
    outcome = scene.ask(question(fallbacks=(SECOND,)))
    assert isinstance(outcome, Failed)
    assert "in time" in outcome.reason
    assert scene.voice.closed == 1
    assert scene.others["second"].requests == []
    assert scene.book.outcomes == ["failed"]


def test_slow_reader_does_not_rest_the_connection_for_others() -> None:
    scene = Scene(parts={"deadlines": Deadlines(0.03)})

    async def slowly(text: str) -> None:
        await asyncio.sleep(1)

    async def ask() -> None:
        for _ in range(6):
            assert isinstance(await scene.asked(release=slowly), Failed)

    with clock.frozen(NOW):
        anyio.run(ask)
    assert scene.gate.breakers.resting() == frozenset()
    assert scene.voice.closed == 6


@pytest.mark.parametrize(
    ("changes", "rests"),
    [({}, True), ({"is_streamed": False}, False), ({"answer": AnswerLabel(("a",))}, False)],
)
def test_only_silence_where_words_would_come_at_once_rests_the_connection(
    changes: dict[str, object], rests: bool
) -> None:
    scene = Scene(Voice(hangs_after=0), parts={"deadlines": Deadlines(0.02)})
    for _ in range(6):
        scene.ask(question(**changes))
    assert bool(scene.gate.breakers.resting()) == rests


async def given_up(scene: Scene, how: str) -> None:
    """Begin a call, and give it up once it waits."""
    if how == "task":
        task = asyncio.create_task(scene.asked())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_later(0.02, scope.cancel)
        await scene.asked()
    assert scope.cancelled_caught


@pytest.mark.parametrize("how", ["task", "scope"])
@pytest.mark.parametrize(
    ("hangs_after", "outcomes"), [(0, ["failed"]), (2, ["allowed", "failed"]), (3, ["allowed", "failed"])]
)
def test_call_given_up_ends_at_the_provider_and_is_recorded(
    how: str, hangs_after: int, outcomes: list[str]
) -> None:
    scene = Scene(Voice(hangs_after=hangs_after))
    with clock.frozen(NOW):
        anyio.run(given_up, scene, how)
    assert scene.voice.closed == 1
    assert scene.book.outcomes == outcomes
    assert scene.book.last.details["reason"] == "cancelled"
    assert not scene.book.last.flagged
    assert [room.released for room in scene.purse.rooms] == [1]
    came = sum(len(piece) for piece in ANSWER[:hangs_after])
    took = Usage(4, came // 4, estimated=True) if came else at_most(question(), model())
    assert [usage for usage, _ in scene.purse.rooms[0].settled] == [took]
    assert scene.book.last.details["estimated"]


def test_reader_who_is_gone_ends_the_call_at_the_provider() -> None:
    scene = Scene()

    async def gone(text: str) -> None:
        raise anyio.BrokenResourceError

    async def ask() -> None:
        with pytest.raises(anyio.BrokenResourceError):
            await scene.asked(release=gone)

    with clock.frozen(NOW):
        anyio.run(ask)
    assert scene.voice.closed == 1
    assert scene.book.outcomes == ["allowed", "failed"]


def test_call_given_up_while_the_journal_is_away_still_ends() -> None:
    scene = Scene(Voice(hangs_after=0), book=Book(refuses_from=0))
    with clock.frozen(NOW):
        anyio.run(given_up, scene, "task")
    assert scene.purse.rooms[0].released == 1


def test_probe_that_was_given_up_leaves_the_way_open_for_the_next() -> None:
    breakers = Breakers(BreakerRules(failures=1, rest_seconds=0.0))
    scene = Scene(Voice([down()], hangs_after=0), parts={"breakers": breakers, "patience": Patience(tries=1)})
    scene.ask()
    with clock.frozen(NOW):
        anyio.run(given_up, scene, "task")
    scene.voice.hangs_after = None
    answered(scene.ask())


def test_smaller_model_bounds_the_answer() -> None:
    scene = Scene(Voice([refusing()]), {"second": Voice()})
    scene.ask(question(max_tokens=500, fallbacks=(replace(SECOND, max_tokens=64),)))
    assert [voice.requests[0].max_tokens for voice in (scene.voice, scene.others["second"])] == [256, 64]


def test_of_many_calls_each_ends_once_whoever_gives_up() -> None:
    scene = Scene(parts={"deadlines": Deadlines(0.05)})

    async def one(number: int) -> None:
        task = asyncio.create_task(scene.asked(question(is_streamed=number % 2 == 0)))
        if number % 3 == 0:
            for _ in range(number % 11):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(64 * 3)))

    with clock.frozen(NOW):
        anyio.run(all_of_them)
    begun = [number for number in range(64 * 3) if number % 3 or number % 11]
    finals = [outcome for outcome in scene.book.outcomes if outcome != "allowed"]
    assert len(finals) == len(begun)
    assert all(room.released for room in scene.purse.rooms)
    assert sum(len(room.settled) for room in scene.purse.rooms) == scene.calls
    assert scene.voice.closed == len(scene.voice.requests)
