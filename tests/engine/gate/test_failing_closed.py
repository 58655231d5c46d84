"""Whatever breaks, the gate stays shut: refused with words, flagged, recorded, and nothing unscreened leaves."""

import asyncio
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.engine.gate.values import Answered, Failed, Refused, Stage
from allotment.engine.gate.watching import Freshness, FreshnessWatch, JournalWatch, Watches
from allotment.kernel import clock
from allotment.kernel.errors import Misconfigured, ProviderError, Unavailable
from allotment.policies import deciding, rulebook
from allotment.policies.gatekeeping import CedarAuthoriser
from allotment.screening.masking import Masking
from allotment.screening.streaming import Release as HeldBack
from tests.engine.gate.scene import (
    NOW,
    Alarm,
    Book,
    Policy,
    Purse,
    Scene,
    Voice,
    model,
    passage,
    question,
    refusal,
)

DEFECTS = [
    AttributeError("x"),
    IndexError("x"),
    KeyError("x"),
    MemoryError(),
    OSError("x"),
    RecursionError("x"),
    RuntimeError("x"),
    TypeError("x"),
    UnicodeDecodeError("ascii", b"x", 0, 1, "x"),
    ValueError("x"),
    ZeroDivisionError("x"),
]
TROUBLE = [*DEFECTS, Unavailable("The database is away."), Misconfigured("The rules cannot be read.")]


def stays_shut(scene: Scene, stage: Stage, rule: str) -> None:
    """Ask, and see that the gate refuses, says so, and asks nobody."""
    refused = refusal(scene.ask())
    assert (refused.stage, refused.rule, refused.flagged) == (stage, rule, True)
    assert scene.calls == 0
    assert scene.released == []
    assert scene.book.outcomes == ["refused"]
    assert scene.book.last.flagged
    assert all(room.released == 1 and not room.settled for room in scene.purse.rooms)


@pytest.mark.parametrize("error", TROUBLE, ids=repr)
def test_rules_that_break_permit_nothing(error: Exception) -> None:
    stays_shut(Scene(policy=Policy(breaks=error)), Stage.AUTHORISE, "undecided")


@pytest.mark.parametrize("name", ["apps.run", "models.ask"])
def test_what_cannot_be_decided_is_refused_and_flagged(name: str) -> None:
    stays_shut(Scene(policy=Policy(undecided=frozenset({name}))), Stage.AUTHORISE, "undecided")


def test_rules_that_cannot_be_parsed_permit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> rulebook.Rulebook:
        raise Misconfigured("unexpected token")

    monkeypatch.setattr(deciding.rulebook, "installed", unreadable)
    stays_shut(Scene(parts={"authoriser": CedarAuthoriser()}), Stage.AUTHORISE, "undecided")


def test_entity_without_its_facts_is_refused_and_flagged() -> None:
    stays_shut(Scene(parts={"authoriser": CedarAuthoriser()}), Stage.AUTHORISE, "undecided")


@pytest.mark.parametrize("error", TROUBLE, ids=repr)
def test_budgets_that_cannot_be_read_count_as_used_up(error: Exception) -> None:
    stays_shut(Scene(purse=Purse(breaks=error)), Stage.LIMIT, "budgets unknown")


@pytest.mark.parametrize("error", TROUBLE, ids=repr)
def test_watch_that_breaks_lets_nothing_pass(error: Exception) -> None:
    stays_shut(Scene(parts={"watch": Alarm(breaks=error)}), Stage.IDENTIFY, "watch")


def test_old_facts_permit_nothing() -> None:
    old = FreshnessWatch(Freshness(lambda: 99.0, 1.0))
    stays_shut(Scene(parts={"watch": old}), Stage.IDENTIFY, "stale facts")


def test_trouble_is_seen_before_anything_else() -> None:
    trouble = Refused(Stage.IDENTIFY, "clock", "It jumped.", "Wait.", flagged=True)
    scene = Scene(parts={"watch": Alarm(trouble)})
    assert refusal(scene.ask(on_behalf=passage(actor=None, claims=()))).rule == "clock"
    assert scene.policy.asked == []


def broken(error: Exception) -> Any:
    def detector(*_: object) -> Any:
        raise error

    return detector


@pytest.mark.parametrize("error", DEFECTS, ids=repr)
def test_detector_that_breaks_on_the_way_in_lets_nothing_out(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Masking, "mask", broken(error))
    stays_shut(Scene(), Stage.SCREEN_IN, "detector")


@pytest.mark.parametrize(("method", "is_streamed"), [("push", True), ("finish", True), ("whole", False)])
@pytest.mark.parametrize("error", DEFECTS, ids=repr)
def test_detector_that_breaks_on_the_way_out_releases_nothing(
    error: Exception, method: str, is_streamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeldBack, method, broken(error))
    scene = Scene(Voice(answer=("One sentence only.",)), {"second": Voice()})
    refused = refusal(scene.ask(question(is_streamed=is_streamed, fallbacks=(model("second"),))))
    assert (refused.stage, refused.rule) == (Stage.SCREEN_OUT, "detector")
    assert scene.released == []
    assert scene.book.outcomes == ["refused"]
    assert scene.book.last.flagged
    assert scene.voice.closed == 1
    assert scene.calls == 1
    assert len(scene.purse.rooms[0].settled) == 1


class UnheardOf(Exception):
    """Not among the errors that anybody expects."""


@pytest.mark.parametrize(
    "scene",
    [
        lambda: Scene(policy=Policy(breaks=UnheardOf("secret text"))),
        lambda: Scene(purse=Purse(breaks=UnheardOf("secret text"))),
        lambda: Scene(parts={"watch": Alarm(breaks=UnheardOf("secret text"))}),
        lambda: Scene(Voice([UnheardOf("secret text")])),
    ],
)
def test_what_nobody_expects_is_recorded_and_goes_on(scene: Any) -> None:
    scene = scene()
    with pytest.raises(UnheardOf):
        scene.ask()
    assert scene.released == []
    assert scene.book.outcomes == ["failed"]
    assert scene.book.last.flagged
    assert scene.book.last.details["reason"] == "broken: UnheardOf"
    assert all(room.released == 1 for room in scene.purse.rooms)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_without_the_first_entry_nothing_leaves_and_nobody_is_asked_again(is_streamed: bool) -> None:
    book = Book(refuses_from=0)
    watch = Watches((JournalWatch(lambda: not book.owed),))
    scene = Scene(book=book, parts={"watch": watch})
    with pytest.raises(Unavailable, match="The model was asked"):
        scene.ask(question(is_streamed=is_streamed))
    assert scene.released == []
    assert scene.voice.closed == 1
    assert scene.purse.rooms[0].released == 1
    assert len(scene.purse.rooms[0].settled) == 1
    for _ in range(3):
        with pytest.raises(Unavailable):
            scene.ask(question(is_streamed=is_streamed))
    assert scene.calls == 1
    assert len(scene.purse.rooms) == 1
    (owed,) = book.owed  # of the call that happened; of those that did not, nothing
    assert owed.outcome == ("failed" if is_streamed else "done")
    assert owed.details["tokens_out"]


def test_journal_that_cannot_be_written_lets_nothing_begin() -> None:
    stays_shut(Scene(parts={"watch": JournalWatch(lambda: False)}), Stage.IDENTIFY, "journal")


def test_refusal_because_of_the_journal_that_cannot_be_recorded_asks_nobody() -> None:
    book = Book(refuses_from=0)
    scene = Scene(book=book, parts={"watch": JournalWatch(lambda: book.can_write)})
    with pytest.raises(Unavailable):
        scene.ask()
    assert (scene.calls, scene.purse.rooms, book.owed) == (0, [], [])


def test_whoever_has_patience_waits_for_the_journal() -> None:
    looks = iter([False, False, True])
    scene = Scene(parts={"watch": JournalWatch(lambda: next(looks))})
    assert isinstance(scene.ask(on_behalf=passage(patience_seconds=5.0)), Answered)
    assert scene.book.last.details["waited_for"] == "journal"
    assert scene.book.last.flagged


def test_without_the_last_entry_there_is_no_answer() -> None:
    scene = Scene(book=Book(refuses_from=1))
    with pytest.raises(Unavailable):
        scene.ask()
    assert scene.book.outcomes == ["allowed"]
    assert [entry.outcome for entry in scene.book.owed] == ["done"]


def test_refusal_that_cannot_be_recorded_is_no_outcome() -> None:
    scene = Scene(policy=Policy(frozenset({"apps.run"})), book=Book(refuses_from=0))
    with pytest.raises(Unavailable):
        scene.ask()
    assert scene.calls == 0


@settings(max_examples=300, deadline=None)
@given(
    watch=st.sampled_from([None, Alarm(breaks=RuntimeError()), FreshnessWatch(Freshness(lambda: 9.0, 1.0))]),
    actor=st.booleans(),
    policy=st.sampled_from(["yes", "no", "undecided", "breaks"]),
    purse=st.sampled_from(["yes", "no", "breaks"]),
    failures=st.integers(0, 4),
    breaks_off=st.booleans(),
    hangs_after=st.sampled_from([None, None, 0, 1, 3]),
    refuses_from=st.sampled_from([None, None, 0, 1]),
    has_fallback=st.booleans(),
    is_streamed=st.booleans(),
)
def test_whatever_fails_nothing_unpermitted_is_asked_and_nothing_unrecorded_released(**drawn: Any) -> None:
    down = ProviderError("down", retryable=True)
    scene = Scene(
        Voice(
            [down] * drawn["failures"],
            breaks_off=down if drawn["breaks_off"] else None,
            hangs_after=drawn["hangs_after"],
        ),
        {"second": Voice()},
        book=Book(refuses_from=drawn["refuses_from"]),
        policy={
            "yes": Policy(),
            "no": Policy(frozenset({"models.ask"})),
            "undecided": Policy(undecided=frozenset({"apps.run"})),
            "breaks": Policy(breaks=KeyError("facts")),
        }[drawn["policy"]],
        purse=Purse(
            frozenset({"m"} if drawn["purse"] == "no" else ()),
            OSError() if drawn["purse"] == "breaks" else None,
        ),
        parts={} if drawn["watch"] is None else {"watch": drawn["watch"]},
    )
    permitted = (
        drawn["watch"] is None and drawn["actor"] and drawn["policy"] == "yes" and drawn["purse"] == "yes"
    )
    hangs = permitted and drawn["hangs_after"] is not None
    fallbacks = (model("second"),) if drawn["has_fallback"] else ()
    entries_at_release: list[int] = []

    async def release(text: str) -> None:
        entries_at_release.append(len(scene.book.entries))
        await scene.release(text)

    async def ask() -> object:
        effect = question(is_streamed=drawn["is_streamed"], fallbacks=fallbacks)
        on_behalf = passage() if drawn["actor"] else passage(actor=None)
        try:
            async with asyncio.timeout(0.02 if hangs else None):
                return await scene.asked(effect, on_behalf, release)
        except (Unavailable, TimeoutError) as error:
            return error

    with clock.frozen(NOW):
        outcome = anyio.run(ask)

    assert permitted or scene.calls == 0
    assert permitted or isinstance(outcome, Refused | Unavailable)
    assert all(count >= 1 for count in entries_at_release)
    assert not scene.released or scene.book.outcomes[0] == "allowed"
    finals = [one for one in scene.book.outcomes if one != "allowed"]
    assert len(finals) == (1 if drawn["refuses_from"] is None else len(finals[:1]))
    if isinstance(outcome, Answered | Refused | Failed):
        expected = {Answered: "done", Refused: "refused", Failed: "failed"}[type(outcome)]
        assert finals == [expected]
        assert outcome.entry == len(scene.book.entries)
    assert all(room.released or room.settled for room in scene.purse.rooms)
    assert all(len(room.settled) <= 1 for room in scene.purse.rooms)
    assert sum(len(room.settled) for room in scene.purse.rooms) == scene.calls
    assert scene.voice.closed == len(scene.voice.requests)
