"""The wall clock and the stopwatch, replaceable in tests."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

_BOOT = getattr(time, "CLOCK_BOOTTIME", None)
_since_boot: Callable[[], float] = time.monotonic if _BOOT is None else partial(time.clock_gettime, _BOOT)
_now: Callable[[], datetime] | None = None


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC) if _now is None else _now()


def monotonic() -> float:
    """Return seconds from a clock that never goes back."""
    return time.monotonic()


def since_boot() -> float:
    """Return seconds from a clock that never goes back and goes on while the machine sleeps, where there is one."""
    return _since_boot()


class frozen:  # noqa: N801 - reads as `with clock.frozen(at):`
    """Hold the wall clock still inside a `with` block (tests, demo data)."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __enter__(self) -> None:
        global _now  # noqa: PLW0603 - the one switch of this module
        self._before = _now
        _now = lambda: self.at  # noqa: E731

    def __exit__(self, *_: object) -> None:
        global _now  # noqa: PLW0603
        _now = self._before
