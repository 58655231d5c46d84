"""The watch: a clock that jumps, facts that grow old."""

import pytest

from allotment.engine.gate.values import Answered, Passage, Refused, Stage
from allotment.engine.gate.watching import ClockWatch, Freshness, FreshnessWatch, Watches, watching
from tests.engine.gate.scene import Scene, passage, refusal


class Clocks:
    """A wall clock and a steady one."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 50.0
        self.watch = ClockWatch(lambda: self.wall, lambda: self.steady)

    def passes(self, seconds: float, *, drift: float = 0.0) -> None:
        self.steady += seconds
        self.wall += seconds + drift

    def rule(self, issued: float | None = None) -> str:
        trouble = self.watch.trouble(passage(issued=self.steady if issued is None else issued))
        if trouble is None:
            return ""
        assert trouble.stage is Stage.IDENTIFY
        assert trouble.flagged
        return trouble.rule


def test_steady_clock_lets_pass() -> None:
    clocks = Clocks()
    for _ in range(100):
        clocks.passes(7)
        assert clocks.rule() == ""


@pytest.mark.parametrize("jump", [6.0, 3600.0, -6.0, -3600.0])
def test_jump_closes_the_gate_until_the_clock_was_steady(jump: float) -> None:
    clocks = Clocks()
    clocks.passes(1, drift=jump)
    assert clocks.rule() == "clock"
    clocks.passes(9)
    assert clocks.rule() == "clock"
    clocks.passes(1.5)
    assert clocks.rule() == ""


def test_second_jump_keeps_it_closed() -> None:
    clocks = Clocks()
    clocks.passes(1, drift=60)
    assert clocks.rule() == "clock"
    clocks.passes(9, drift=-60)
    assert clocks.rule() == "clock"
    clocks.passes(9)
    assert clocks.rule() == "clock"


def test_slow_drift_is_taken_up() -> None:
    clocks = Clocks()
    for _ in range(1000):
        clocks.passes(1, drift=0.02)
        assert clocks.rule() == ""


def test_night_without_a_call_is_no_jump() -> None:
    clocks = Clocks()
    clocks.passes(10 * 3600, drift=0.0005 * 10 * 3600)
    assert clocks.rule() == ""


def test_what_was_issued_before_the_clock_went_back_is_over() -> None:
    clocks = Clocks()
    issued = clocks.steady
    clocks.passes(1, drift=-600)
    clocks.rule()
    clocks.passes(11)
    assert clocks.rule(issued) == "clock went back"
    assert clocks.rule() == ""


def test_what_was_issued_before_the_clock_went_forward_ends_by_its_own_time() -> None:
    clocks = Clocks()
    issued = clocks.steady
    clocks.passes(1, drift=600)
    clocks.rule()
    clocks.passes(11)
    assert clocks.rule(issued) == ""


@pytest.mark.parametrize(("age", "rule"), [(0.0, None), (2.0, None), (2.1, "stale facts")])
def test_facts_older_than_their_limit_are_not_decided_from(age: float, rule: str | None) -> None:
    trouble = FreshnessWatch(Freshness(lambda: age, 2.0)).trouble(passage())
    assert (trouble.rule if trouble else None) == rule
    assert trouble is None or trouble.flagged


def test_all_watches_look_and_the_first_trouble_counts() -> None:
    clocks = Clocks()
    both = Watches((FreshnessWatch(Freshness(lambda: 9.0, 1.0)), clocks.watch))
    clocks.passes(1, drift=60)
    trouble = both.trouble(passage())
    assert trouble is not None
    assert trouble.rule == "stale facts"
    assert clocks.rule() == "clock"


def test_watch_of_a_process_lets_pass() -> None:
    assert watching().trouble(passage()) is None
    assert watching(Freshness(lambda: 0.0, 1.0)).trouble(passage()) is None


class Passing:
    """A watch whose trouble passes after so many looks."""

    def __init__(self, looks: int, seconds: float | None) -> None:
        self.looks, self.seconds = looks, seconds

    def trouble(self, passage: Passage) -> Refused | None:
        self.looks -= 1
        if self.looks < 0:
            return None
        words = ("The clock jumped.", "Try again.")
        return Refused(Stage.IDENTIFY, "clock", *words, flagged=True, passes_in_seconds=self.seconds)


def test_who_has_patience_waits_while_trouble_passes_and_that_is_told() -> None:
    scene = Scene(parts={"watch": Passing(2, 0.05)})
    outcome = scene.ask(on_behalf=passage(patience_seconds=30.0))
    assert isinstance(outcome, Answered)
    assert scene.book.last.details["waited_for"] == "clock"
    assert scene.book.last.flagged


@pytest.mark.parametrize(
    ("patience", "looks", "seconds"), [(0.0, 1, 0.05), (0.12, 9, 0.05), (30.0, 1, None), (30.0, 1, 31.0)]
)
def test_trouble_that_lasts_longer_than_patience_refuses(
    patience: float, looks: int, seconds: float | None
) -> None:
    scene = Scene(parts={"watch": Passing(looks, seconds)})
    assert refusal(scene.ask(on_behalf=passage(patience_seconds=patience))).rule == "clock"
    assert scene.calls == 0


def test_a_jump_says_how_long_it_takes_until_the_clock_is_trusted_again() -> None:
    clocks = Clocks()
    clocks.passes(1, drift=60)
    assert clocks.rule() == "clock"
    clocks.passes(4)
    trouble = clocks.watch.trouble(passage())
    assert trouble is not None
    assert trouble.passes_in_seconds == pytest.approx(6.0)
