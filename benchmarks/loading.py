"""Load over kept connections: `python -m benchmarks.loading CORE` reads a plan and prints what happened, as JSON.

As much HTTP as the measured servers speak, in a process and on a core of its own. An answer other than 200 counts as
refused and is not among the times.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import cast

import uvloop

from benchmarks.findings import percentile

NUMBER = "0000000000"
_NUMBER = NUMBER.encode()
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_FIRST_WORDS = re.compile(rb'"content": ?"[^"]')
_WARM_UP_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What to ask, how often and how long."""

    port: int
    path: str
    questions: Sequence[tuple[Mapping[str, str], str]]
    """Headers and body of each, asked in turn. `NUMBER` in a body is replaced by the number of the call."""
    connections: int = 1
    seconds: float = 5
    calls: int = 0
    """Stop after so many calls; 0: after the seconds."""
    a_second: float = 0
    """The pace; 0: as fast as answers come."""
    first: int = 0
    """The number of the first call."""

    def requests(self) -> Iterator[bytes]:
        """Yield the bytes of one call after the other, without end."""
        whole = [self._request(headers, body) for headers, body in self.questions]
        for number, request in enumerate(cycle(whole), self.first):
            yield request.replace(_NUMBER, b"%0*d" % (len(_NUMBER), number))

    def _request(self, headers: Mapping[str, str], body: str) -> bytes:
        written = body.encode()
        named = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        head = f"POST {self.path} HTTP/1.1\r\n{lines}Content-Length: {len(written)}\r\n\r\n"
        return head.encode() + written


@dataclass(frozen=True)
class Loaded:
    """What happened. Times are in milliseconds, from sending to the last byte."""

    answered: int
    """Calls that got an answer of status 200, those of the warm-up included."""
    refused: int
    a_second: float
    p50: float
    p99: float
    first_p50: float
    first_p99: float
    """To the first words of the answer."""
    refusal: str = ""
    """What the first refusal said."""


def load(plan: Plan, core: int) -> Loaded:
    """Carry out a plan in a process of its own on `core`."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading", str(core)],
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Loaded(**json.loads(told))


@dataclass
class _Tally:
    """What all connections add to."""

    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    answered: int = 0
    refused: int = 0
    refusal: bytes = b""

    def begin(self) -> None:
        """Forget the times of the warm-up."""
        self.whole.clear()
        self.first.clear()


class _Connection(asyncio.Protocol):
    """One kept connection with at most one question on its way."""

    def __init__(self, tally: _Tally, requests: Iterator[bytes]) -> None:
        self._tally, self._requests = tally, requests
        self._received = b""
        self._asked_at = self._first_at = 0.0
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("The server closed the connection."))

    async def ask(self, asked_at: float) -> None:
        """Send the question and wait for all of its answer; its time counts from `asked_at`."""
        self._answered = asyncio.get_running_loop().create_future()
        self._received, self._asked_at, self._first_at = b"", asked_at, 0.0
        self._transport.write(next(self._requests))
        await self._answered

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._first_at and _FIRST_WORDS.search(self._received):
            self._first_at = time.perf_counter()
        if _is_whole(self._received):
            self._count(time.perf_counter())
            assert self._answered is not None
            self._answered.set_result(None)

    def _count(self, now: float) -> None:
        if self._received.startswith(b"HTTP/1.1 200"):
            self._tally.answered += 1
            self._tally.whole.append(now - self._asked_at)
            self._tally.first.append((self._first_at or now) - self._asked_at)
        else:
            self._tally.refused += 1
            self._tally.refusal = self._tally.refusal or self._received[-600:]


def _is_whole(received: bytes) -> bool:
    head = received.find(b"\r\n\r\n") + 4
    if head < 4:
        return False
    length = _LENGTH.search(received, 0, head)
    if length is None:
        return received.endswith(_LAST_CHUNK)
    return len(received) >= head + int(length[1])


async def _carried_out(plan: Plan) -> Loaded:
    tally = _Tally()
    loop, requests = asyncio.get_running_loop(), plan.requests()
    made = [
        await loop.create_connection(lambda: _Connection(tally, requests), "127.0.0.1", plan.port)
        for _ in range(plan.connections)
    ]
    connections = [protocol for _, protocol in made]
    await _as_fast_as_it_goes(connections, _WARM_UP_SECONDS, 0 if not plan.calls else plan.connections)
    tally.begin()
    started = time.perf_counter()
    if plan.a_second:
        await _at_a_pace(connections, plan)
    else:
        await _as_fast_as_it_goes(connections, plan.seconds, plan.calls)
    took = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return _summed(tally, took)


async def _as_fast_as_it_goes(connections: list[_Connection], seconds: float, calls: int) -> None:
    until = time.perf_counter() + seconds if not calls else float("inf")
    left = calls or sys.maxsize

    async def keep_asking(connection: _Connection) -> None:
        nonlocal left
        while left > 0 and (now := time.perf_counter()) < until:
            left -= 1
            await connection.ask(now)

    await asyncio.gather(*(keep_asking(connection) for connection in connections))


async def _at_a_pace(connections: list[_Connection], plan: Plan) -> None:
    """Ask when it is time, whether earlier answers came or not; who finds no free connection waits, and that counts."""
    idle, waiting = deque(connections), deque[float]()
    running: set[asyncio.Task[None]] = set()

    async def ask(connection: _Connection, asked_at: float) -> None:
        await connection.ask(asked_at)
        while waiting:
            await connection.ask(waiting.popleft())
        idle.append(connection)

    started, asked = time.perf_counter(), 0
    while (now := time.perf_counter()) < started + plan.seconds:
        while asked < (now - started) * plan.a_second:
            asked += 1
            if idle:
                task = asyncio.ensure_future(ask(idle.popleft(), time.perf_counter()))
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                waiting.append(now)
        await asyncio.sleep(0.0005)
    await asyncio.gather(*running)


def _summed(tally: _Tally, took: float) -> Loaded:
    whole, first = [[1000 * each for each in times] or [0.0] for times in (tally.whole, tally.first)]
    return Loaded(
        answered=tally.answered,
        refused=tally.refused,
        a_second=len(tally.whole) / took,
        p50=percentile(whole, 0.5),
        p99=percentile(whole, 0.99),
        first_p50=percentile(first, 0.5),
        first_p99=percentile(first, 0.99),
        refusal=tally.refusal.decode("utf-8", "replace"),
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    print(json.dumps(asdict(uvloop.run(_carried_out(Plan(**json.load(sys.stdin)))))))
