"""The practice model's server process, seen from its parent: started on first use, restarted when it died.

Invariant: at most one child per `PracticeServer`; its key is new with every start and known to this
process alone.
"""

import json
import os
import secrets
import select
import subprocess
import sys
import threading
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from allotment.adapters.providers.practice.weights import MODEL
from allotment.kernel.errors import NOTHING, ProviderError

_CHILD = Path(__file__).with_name("child.py")
_START_SECONDS = 60
_STOP_SECONDS = 3
_MOST_THREADS = 4


@dataclass(frozen=True)
class Running:
    """A child that said where it listens."""

    address: str
    key: str
    process: subprocess.Popen[str]

    def is_alive(self) -> bool:
        """Tell whether the process is there."""
        return self.process.poll() is None

    def dies_within(self, seconds: float) -> bool:
        """Wait for the process to end: its connection breaks a moment before the process is gone."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


class PracticeServer:
    """The one child of this process."""

    def __init__(self, find_weights: Callable[[], Path]) -> None:
        self._find_weights = find_weights
        self._starting = threading.Lock()
        self._running: Running | None = None

    async def running(self) -> Running:
        """Return the child, started or restarted when needed."""
        current = self._running
        if current and current.is_alive():
            return current
        # Linux signals a child when the *thread* that started it ends. The loop's own pool keeps its threads
        # as long as the loop lives, which is what we want; a short-lived thread would take the child with it.
        return await to_thread(self._ensure)

    def stop(self) -> None:
        """End the child, if there is one."""
        with self._starting:
            if self._running:
                _end(self._running.process)
            self._running = None

    def _ensure(self) -> Running:
        with self._starting:
            if self._running and not self._running.is_alive():
                _end(self._running.process)
                self._running = None
            if self._running is None:
                self._running = _start(self._find_weights())
            return self._running


def _start(weights: Path) -> Running:
    key = secrets.token_urlsafe(32)
    threads = max(1, min(_MOST_THREADS, (os.cpu_count() or 1) // 2))
    process = subprocess.Popen(
        [sys.executable, "-P", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    order = json.dumps({"model": str(weights), "name": MODEL, "key": key, "threads": str(threads)})
    try:
        answer = _answer_to(process, order)
    except OSError:
        answer = {}
    if "address" not in answer:
        _end(process)
        raise ProviderError(
            f"The practice model did not start. {answer.get('error', '')}".strip(),
            hint="Check that about 300 MB of memory are free, then try again.",
            retryable=True,
        ).having_taken(NOTHING)
    return Running(answer["address"], key, process)


def _answer_to(process: subprocess.Popen[str], order: str) -> dict[str, str]:
    """Give the child its order and return what it says; an empty answer when it says nothing in time."""
    if process.stdin is None or process.stdout is None:
        return {}
    process.stdin.write(f"{order}\n")
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    said: dict[str, str] = json.loads((process.stdout.readline() if ready else "") or "{}")
    return said


def _end(process: subprocess.Popen[str]) -> None:
    """End the process: politely by closing its input, then for certain."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
