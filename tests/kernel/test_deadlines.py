"""Deadlines: one timer for many calls, each cancelled at its own time, and nobody else's cancellation mistaken."""

import asyncio

import anyio
import pytest

from allotment.kernel.deadlines import Deadline, Deadlines

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_call_in_time_is_left_alone() -> None:
    deadlines = Deadlines(0.3)
    with Deadline(deadlines) as deadline:
        await asyncio.sleep(0)
    await asyncio.sleep(0.4)
    assert not deadline.has_passed


async def test_call_that_is_late_is_cancelled() -> None:
    with pytest.raises(TimeoutError), Deadline(Deadlines(0.02)):
        await asyncio.sleep(60)
    await asyncio.sleep(0)  # the task goes on as if it had never been cancelled


async def test_each_call_has_its_own_time() -> None:
    deadlines, ends = Deadlines(0.1), []
    time = asyncio.get_running_loop().time

    async def call(begins: float) -> None:
        await asyncio.sleep(begins)
        began = time()
        with pytest.raises(TimeoutError), Deadline(deadlines):
            await asyncio.sleep(60)
        ends.append(time() - began)

    await asyncio.gather(*(call(number * 0.03) for number in range(5)))
    assert len(ends) == 5
    assert all(0.1 <= took < 5 for took in ends)


async def test_calls_after_a_quiet_time_are_watched_again() -> None:
    deadlines = Deadlines(0.3)
    for _ in range(2):
        with pytest.raises(TimeoutError), Deadline(deadlines):
            await asyncio.sleep(60)
        with Deadline(deadlines):
            await asyncio.sleep(0)
        await asyncio.sleep(0.4)


async def test_cancellation_of_somebody_else_stays_one() -> None:
    async def call() -> None:
        with Deadline(Deadlines(5)):
            await asyncio.sleep(5)

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_scope_that_ends_first_is_not_a_deadline() -> None:
    with anyio.move_on_after(0.01) as scope, Deadline(Deadlines(5)):
        await asyncio.sleep(5)
    assert scope.cancelled_caught


async def test_nothing_is_kept_of_a_million_calls() -> None:
    deadlines = Deadlines(60)
    with Deadline(deadlines):
        for _ in range(1000):
            with Deadline(deadlines):
                pass
        assert len(deadlines._open) == 1
    assert not deadlines._open


def test_it_works_on_the_next_loop_too() -> None:
    deadlines = Deadlines(0.3)

    async def late() -> None:
        with pytest.raises(TimeoutError), Deadline(deadlines):
            await asyncio.sleep(60)

    async def in_time() -> None:
        with Deadline(deadlines):
            await asyncio.sleep(0)

    for call in (in_time, late, in_time, late):
        asyncio.run(call())
