"""A deadline for each call, and one timer for all of them.

`asyncio.timeout` starts a timer for each call, which took a tenth of the gate's own time (`benchmarks`). Calls that
share one of these have one length, so they are over in the order in which they began, and one timer at a time is
enough. Cancelling works as in `asyncio.Timeout`: only a cancellation of our own becomes a `TimeoutError`.
"""

import asyncio
from types import TracebackType
from typing import Protocol, Self


class Timed(Protocol):
    """Whatever waits for a moment."""

    at: float
    """The moment, by the event loop's clock; what `Deadlines.add` returned."""

    def expire(self) -> None:
        """The moment has come. Returns at once."""
        ...


class Deadline:
    """One call's time, counted from entering it. Raises `TimeoutError` in place of what it cancelled."""

    __slots__ = ("_cancelling", "_deadlines", "_task", "at", "has_passed")

    def __init__(self, deadlines: "Deadlines") -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self.at = float("inf")
        """By the event loop's clock."""
        self.has_passed = False

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("A call through the gate needs a task of its own.")
        self._cancelling = self._task.cancelling()
        self.at = self._deadlines.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        task, self._task = self._task, None
        if (
            self.has_passed
            and task is not None
            and task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the task that runs against this deadline."""
        if self._task is not None:
            self.has_passed = True
            self._task.cancel()


class Deadlines:
    """Moments that all lie equally far ahead when they are added. Used on their event loop only."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open: dict[Timed, None] = {}
        """In the order in which they pass."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def add(self, deadline: Timed) -> float:
        """Watch a deadline; return when it passes."""
        loop = asyncio.get_running_loop()
        at = loop.time() + self.seconds
        self._open[deadline] = None
        if self._timer is None or self._loop is not loop:
            self._loop, self._timer = loop, loop.call_at(at, self._look)
        return at

    def remove(self, deadline: Timed) -> None:
        """Watch it no longer."""
        self._open.pop(deadline, None)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._open:
            first = next(iter(self._open))
            if first.at > loop.time():
                self._timer = loop.call_at(first.at, self._look)
                return
            del self._open[first]
            first.expire()
