"""Whether the machine has room for a measurement: other work on it would be measured too."""

import os
import time
from pathlib import Path

_IDLE_ENOUGH = 0.8
_LOOK_SECONDS = 2.0


def wait_for_quiet(most_seconds: float) -> float:
    """Wait, at most so long, until most of the processor is idle; return the share that was idle last."""
    deadline = time.monotonic() + most_seconds
    while (idle := _idle_share()) < _IDLE_ENOUGH and time.monotonic() < deadline:
        pass
    return idle


def load() -> float:
    """Return how many processes wanted the processor in the last minute, on average."""
    return os.getloadavg()[0]


def _idle_share() -> float:
    before = _ticks()
    time.sleep(_LOOK_SECONDS)
    after = _ticks()
    passed = [later - sooner for sooner, later in zip(before, after, strict=True)]
    return passed[3] / max(1, sum(passed))


def _ticks() -> list[int]:
    """Return the processor's ticks by kind; the fourth is idle (proc(5), /proc/stat)."""
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    return [int(ticks) for ticks in first.split()[1:9]]
