"""The circuit breaker, at times of the tests' choosing."""

from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.gate.breaker import BreakerRules, Breakers, Permit, Resting
from allotment.kernel.errors import ProviderError

DOWN = ProviderError("down", retryable=True)
BAD_INPUT = ProviderError("bad input")
BAD_KEY = ProviderError("bad key", rejected_credential=True)
RULES = BreakerRules(failures=3, window_seconds=30, rest_seconds=10, longest_rest_seconds=25)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[Breakers, Time]:
    time = Time()
    return Breakers(RULES, time), time


def permit(breakers: Breakers, connection: str = "c") -> Permit:
    given = breakers.enter(connection)
    assert isinstance(given, Permit)
    return given


def fail(breakers: Breakers, times: int = 1, error: ProviderError = DOWN) -> None:
    for _ in range(times):
        permit(breakers).failed(error)


def is_resting(breakers: Breakers) -> bool:
    return isinstance(breakers.enter("c"), Resting)


def test_connection_is_asked_until_it_fails_too_often() -> None:
    breakers, _ = made()
    fail(breakers, 2)
    assert not is_resting(breakers)
    fail(breakers)
    assert is_resting(breakers)
    assert isinstance(breakers.enter("another"), Permit)


def test_failures_long_ago_are_forgotten() -> None:
    breakers, time = made()
    fail(breakers, 2)
    time.now = 31
    fail(breakers, 2)
    assert not is_resting(breakers)


def test_each_success_outweighs_a_failure() -> None:
    breakers, _ = made()
    for _ in range(20):
        fail(breakers)
        permit(breakers).succeeded()
    assert not is_resting(breakers)


def test_after_its_rest_one_probe_decides() -> None:
    breakers, time = made()
    fail(breakers, 3)
    time.now = 10
    probe = permit(breakers)
    assert is_resting(breakers)
    probe.succeeded()
    assert not is_resting(breakers)
    fail(breakers, 2)
    assert not is_resting(breakers)


def test_rests_grow_up_to_the_longest() -> None:
    breakers, time = made()
    fail(breakers, 3)
    for rest in (10, 20, 25, 25):
        time.now += rest - 0.5
        assert is_resting(breakers)
        time.now += 0.5
        permit(breakers).failed(DOWN)


def test_probe_that_learned_nothing_leaves_the_next_to_try() -> None:
    breakers, time = made()
    fail(breakers, 3)
    time.now = 10
    permit(breakers).close()
    permit(breakers).succeeded()
    assert not is_resting(breakers)


def test_refused_key_opens_at_once_and_says_so() -> None:
    breakers, _ = made()
    fail(breakers, 1, BAD_KEY)
    resting = breakers.enter("c")
    assert isinstance(resting, Resting)
    assert resting.is_key_refused


def test_bad_input_proves_the_provider_alive() -> None:
    breakers, time = made()
    fail(breakers, 100, BAD_INPUT)
    assert not is_resting(breakers)
    fail(breakers, 3)
    time.now = 10
    permit(breakers).failed(BAD_INPUT)
    assert not is_resting(breakers)


def test_call_from_before_does_not_end_the_rest() -> None:
    breakers, _ = made()
    early = permit(breakers)
    fail(breakers, 3)
    early.succeeded()
    assert is_resting(breakers)


def test_changed_connection_starts_anew() -> None:
    breakers, _ = made()
    fail(breakers, 3)
    assert breakers.resting() == {"c"}
    breakers.forget("c")
    assert not is_resting(breakers)


@given(st.lists(st.sampled_from(["enter", "succeeded", "failed", "input", "close", "wait"]), max_size=60))
def test_there_is_never_more_than_one_probe(moves: list[str]) -> None:
    breakers, time = made()
    open_permits: list[Permit] = []
    for move in moves:
        if move == "wait":
            time.now += 6
        elif move == "enter":
            was_resting = bool(breakers.resting())
            given_leave = breakers.enter("c")
            if isinstance(given_leave, Permit):
                assert not (was_resting and any(one._is_probe and one._is_open for one in open_permits))
                open_permits.append(given_leave)
        elif open_permits:
            one = open_permits.pop(0)
            {
                "succeeded": one.succeeded,
                "failed": lambda one=one: one.failed(DOWN),
                "input": lambda one=one: one.failed(BAD_INPUT),
                "close": one.close,
            }[move]()
    for one in open_permits:
        one.close()
    time.now += 1000
    assert isinstance(breakers.enter("c"), Permit)
