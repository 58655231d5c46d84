"""The door is killed two hundred times under load: whatever was answered is recorded, once, in a tree that verifies."""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from tests.journeys.stored import rows
from tests.serving import Server

pytestmark = pytest.mark.timeout(1800)

ROUNDS = 200
CALLERS = 12
_LONGEST_ROUND_SECONDS = 0.25
_PATIENCE_SECONDS = 120


class Hatchery:
    """A server that starts by a fork; see `tests.hatchery`."""

    def __init__(self, server: Server) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hatchery"],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def tell(self, word: str) -> None:
        """Start, kill or stop the server, and wait until that is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        self._expect(word)

    def close(self) -> None:
        """End it."""
        with self._process:  # closes both ends and waits
            pass

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == word


@dataclass
class Load:
    """Callers that never stop asking, and what was answered."""

    url: str
    planted: dict[str, Any]
    acknowledged: list[tuple[UUID, int | None]] = field(default_factory=list)
    """The request, and the ticket of its entry where the answer came whole."""

    async def caller(self, number: int, session: aiohttp.ClientSession) -> None:
        """Ask for ever; every other caller follows a stream."""
        for count in range(10_000_000):
            try:
                await self._ask(session, f"Caller {number}, question {count}.", streamed=number % 2 == 1)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                await asyncio.sleep(0.01)

    async def _ask(self, session: aiohttp.ClientSession, text: str, *, streamed: bool) -> None:
        name, version = self.planted["template"]
        body = {
            "model": self.planted["model"],
            "prompt": {"id": name, "version": version, "variables": {"text": text}},
            "stream": streamed,
        }
        headers = {"Authorization": f"Bearer {self.planted['key']}"}
        async with session.post(f"{self.url}/v1/chat/completions", json=body, headers=headers) as answer:
            if answer.status != 200:
                return
            if not streamed:
                said = await answer.json()
                self._acknowledge(said["id"], said["allotment"]["entry"])
                return
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    said = json.loads(line.removeprefix(b"data: "))
                    if any(choice["delta"].get("content") for choice in said["choices"]):
                        self._acknowledge(said["id"], None)
                        break

    def _acknowledge(self, completion: str, ticket: int | None) -> None:
        self.acknowledged.append((UUID(completion.removeprefix("chatcmpl-")), ticket))


async def _rounds(load: Load, hatchery: Hatchery) -> int:
    """Start and kill the server again and again under load; return in how many rounds it answered."""
    moments = random.Random(6962)  # noqa: S311 - the same moments each time
    answered_in = 0
    timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        callers = [asyncio.create_task(load.caller(number, session)) for number in range(CALLERS)]
        for number in range(ROUNDS):
            before = len(load.acknowledged)
            await asyncio.to_thread(hatchery.tell, "start")
            # Most rounds are cut in the middle of work, every tenth while the server is still starting.
            if number % 10:
                await _first_answer(load, before)
            await asyncio.sleep(moments.uniform(0, _LONGEST_ROUND_SECONDS))
            await asyncio.to_thread(hatchery.tell, "kill")
            answered_in += len(load.acknowledged) > before
        for caller in callers:
            caller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await caller
    return answered_in


async def _first_answer(load: Load, before: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(load.acknowledged) == before:
        assert time.monotonic() < deadline, "the server does not answer any more"
        await asyncio.sleep(0.005)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[tuple[Server, dict[str, Any]]]:
    server = Server(tmp_path)
    yield server, server.plant("tests.planting_door")
    server.stop()


def test_nothing_answered_is_unrecorded_after_two_hundred_kills(
    installation: tuple[Server, dict[str, Any]],
) -> None:
    server, planted = installation
    load = Load(server.url, planted)
    hatchery = Hatchery(server)
    try:
        answered_in = asyncio.run(_rounds(load, hatchery))
        hatchery.tell("start")  # sequences what the last kill left behind
        hatchery.tell("stop")
    finally:
        hatchery.close()
    assert answered_in >= ROUNDS * 0.8, "too few rounds were under load"

    outcomes = Counter(
        (UUID(row["run"]), row["outcome"])
        for row in rows(server, "SELECT run, outcome FROM journal_entry WHERE action = 'models.ask'")
    )
    tickets = {
        row["ticket"]: UUID(row["run"])
        for row in rows(server, "SELECT ticket, run FROM journal_entry WHERE run IS NOT NULL")
    }
    for run, ticket in load.acknowledged:
        if ticket is None:
            assert outcomes[run, "allowed"] == 1
        else:
            assert outcomes[run, "done"] == 1
            assert tickets[ticket] == run
    assert max(outcomes.values()) == 1, "an entry was written twice"
    verified = server.command("journal", "verify", "--json")
    assert json.loads(verified.stdout)["problems"] == []
