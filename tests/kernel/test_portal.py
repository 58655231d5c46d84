"""The portal: synchronous code reaches the one event loop, and says so when there is none."""

import threading
from collections.abc import Iterator

import pytest

from allotment.kernel import portal
from allotment.kernel.errors import Misconfigured, Unavailable


@pytest.fixture(autouse=True)
def _as_found() -> Iterator[None]:
    """Leave the switches of the module as they were."""
    before = portal._portal, portal._guard
    yield
    portal._portal, portal._guard = before


async def _double(number: int) -> int:
    return number * 2


async def _thread() -> int:
    return threading.get_ident()


async def _refuse() -> None:
    raise Unavailable("The model is switched off.")


def test_a_call_runs_on_the_loop_and_returns_its_result() -> None:
    with portal.own_loop():
        assert portal.call(_double, 21) == 42
        assert portal.call(_thread) != threading.get_ident()


def test_errors_come_back_as_they_were_raised() -> None:
    with portal.own_loop(), pytest.raises(Unavailable, match="switched off"):
        portal.call(_refuse)


def test_without_a_loop_the_gate_is_not_running() -> None:
    portal.use(None)
    with pytest.raises(Unavailable, match="The gate is not running"):
        portal.call(_double, 1)


def test_the_loop_is_gone_after_the_block() -> None:
    with portal.own_loop():
        pass
    with pytest.raises(Unavailable):
        portal.call(_double, 1)


def test_the_guard_can_refuse_a_passage() -> None:
    def refuse() -> None:
        raise Misconfigured("Not inside a transaction.")

    portal.guard_with(refuse)
    with portal.own_loop(), pytest.raises(Misconfigured, match="transaction"):
        portal.call(_double, 1)
