"""Two servers on one database: what is taken away in one place stops the next call everywhere, within a second."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Server

AWAY = ("person", "role", "key", "app", "template", "model")
"""The template and the model serve everybody, so they go last."""
AT_MOST_SECONDS = 1.0
"""No call that begins later passes. How long calls take, and how often this test asks, is not counted."""
_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.05
_REFUSALS = {401, 403, 404}
_ON_THE_WAY = {200, 502}
"""502: the model was turned off between the question and the call, so nothing was asked."""


class Organisation:
    """The process in which things are taken away."""

    def __init__(self, server: Server) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "tests.composition.taking_away"],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.callers = json.loads(self._said())

    def _said(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that plants has ended"
        return line

    def take_away(self, word: str) -> float:
        """Take it away; return when that was done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return float(self._said())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers of one installation, not started yet."""
    url = os.environ.get("ALLOTMENT_DATABASE_URL")
    extra = {"ALLOTMENT_DATABASE_URL": url} if url else {}
    made = (Server(tmp_path, extra=extra), Server(tmp_path, extra=extra))
    yield made
    for server in made:
        server.stop()


def asked(server: Server, caller: dict[str, Any]) -> int:
    """Ask a server, as this caller; return the status."""
    prompt = {"id": caller["template"], "version": "1", "variables": caller["variables"]}
    body = {"model": caller["model"], "prompt": prompt}
    request = urllib.request.Request(  # noqa: S310
        f"{server.url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {caller['key']}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def last_call_that_passed(servers: tuple[Server, Server], caller: dict[str, Any], since: float) -> float:
    """Ask every server in turn until each refuses; return after how many seconds the last call that passed began."""
    passing, last = set(range(len(servers))), 0.0
    while passing:
        assert time.time() < since + _PATIENCE_SECONDS, "it was never refused"
        for number in sorted(passing):
            started = time.time()
            status = asked(servers[number], caller)
            if status in _REFUSALS:
                passing.discard(number)
                continue
            assert status in _ON_THE_WAY, status
            last = started - since
        time.sleep(_PAUSE_SECONDS)
    return last


def test_what_is_taken_away_stops_the_next_call_on_every_server(servers: tuple[Server, Server]) -> None:
    with closing(Organisation(servers[0])) as organisation:
        for server in servers:
            server.start()
        for word in AWAY:
            caller = organisation.callers[word]
            assert [asked(server, caller) for server in servers] == [200, 200], word
            took = last_call_that_passed(servers, caller, organisation.take_away(word))
            print(f"{word}: {took:.2f} s")
            assert took <= AT_MOST_SECONDS, word
