"""Governed calls through the real server: `POST /v1/chat/completions`, every stage on, the journal on disk."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cores
from benchmarks.findings import Finding
from benchmarks.loading import Loaded, Plan, load
from benchmarks.serving import environment, free_port, serving, wait_for_health

PATH = "/v1/chat/completions"
MESSAGE = (
    "Good morning, my order has not arrived although I paid for it last Monday. Please write to"
    " elif.demir@example.com as soon as you can, I am worried. Could you tell me where it is?"
)
_DONE = "SELECT count(*) FROM journal_entry WHERE action = 'models.ask' AND outcome = 'done'"
_SYSTEM = "You write short, polite replies for the service desk."
PLAIN_BODY = json.dumps(
    {
        "model": "measured-model",
        "messages": [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": MESSAGE}],
        "temperature": 0.2,
        "max_tokens": 256,
    }
)
"""What a caller sends who is not governed."""


@dataclass(frozen=True)
class Way:
    """One way to the provider: its port and what is sent."""

    port: int
    headers: dict[str, str]
    body: str
    path: str = PATH

    def plan(self, connections: int, seconds: float, *, calls: int = 0, a_second: float = 0) -> Plan:
        """Return a plan of load on this way."""
        return Plan(self.port, self.path, self.headers, self.body, connections, seconds, calls, a_second)

    def streamed(self) -> "Way":
        """Return the same with a stream for an answer."""
        return Way(self.port, self.headers, json.dumps({**json.loads(self.body), "stream": True}), self.path)


@contextmanager
def answering() -> Iterator[int]:
    """Run the provider and give its port."""
    command = [sys.executable, "-m", "benchmarks.provider", str(cores.LOAD)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def passing_through(provider: int) -> Iterator[Way]:
    """Run the floor: a server that only hands calls on."""
    port = free_port()
    module = "benchmarks.passing_through"
    command = ["taskset", "-c", str(cores.SERVER), sys.executable, "-m", module, str(port), str(provider)]
    with subprocess.Popen(command) as process:
        try:
            wait_for_health(port, process)
            yield Way(port, {}, PLAIN_BODY)
        finally:
            process.terminate()


def prepared(home: Path, provider: int) -> Way:
    """Prepare an installation whose model stands behind the provider; return the way without its port."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.askable", str(provider)],
        env=environment(home),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    how = json.loads(told.splitlines()[-1])
    prompt = {**how["prompt"], "variables": {"message": MESSAGE}}
    body = {"model": how["model"], "prompt": prompt, "temperature": 0.2, "max_tokens": 256}
    return Way(0, {"Authorization": f"Bearer {how['key']}"}, json.dumps(body))


@contextmanager
def governed(home: Path, provider: int) -> Iterator[tuple[Way, int]]:
    """Run the real server in front of the provider; give the way through it and the id of its process."""
    way = prepared(home, provider)
    with serving(home, core=cores.SERVER) as server:
        yield Way(server.port, way.headers, way.body), server.process.pid


def measure(folder: Path, *, seconds: float) -> list[Finding]:
    """Measure the direct way, the floor and the governed way; then count and verify what was recorded."""
    home = folder / "chat"
    with answering() as provider:
        direct = Way(provider, {}, PLAIN_BODY)
        alone = _loaded(direct.plan(1, seconds))
        alone_streamed = _loaded(direct.streamed().plan(1, seconds))
        with passing_through(provider) as floor:
            bare, bare_alone = _loaded(floor.plan(16, seconds)), _loaded(floor.plan(1, seconds))
        with governed(home, provider) as (way, _):
            one, few, many = [_loaded(way.plan(each, seconds)) for each in (1, 16, 64)]
            paced = _loaded(way.plan(64, seconds, a_second=1000))
            streamed = _loaded(way.streamed().plan(1, seconds))
    answered = sum(each.answered for each in (one, few, many, paced, streamed))
    refused = sum(each.refused for each in (one, few, many, paced, streamed))
    best = max(few, many, key=lambda each: each.a_second)
    pace = f"{paced.a_second:,.0f} calls/s were answered"
    return [
        Finding(
            "Governed calls, best of 16 and 64 connections", best.a_second, "/s", 2500, "", at_least=True
        ),
        Finding("– 16 connections", few.a_second, "/s", None, f"p50 {few.p50:.1f} ms, p99 {few.p99:.1f} ms"),
        Finding(
            "– 64 connections", many.a_second, "/s", None, f"p50 {many.p50:.1f} ms, p99 {many.p99:.1f} ms"
        ),
        Finding("Added to a call, one client, p50", one.p50 - alone.p50, "ms", 1),
        Finding("Added to a call, one client, p99", one.p99 - alone.p99, "ms", 5),
        Finding("Added to a call at 1,000 calls/s, p99", paced.p99 - alone.p99, "ms", 15, pace),
        Finding(
            "Added to the first words of a stream, p50", streamed.first_p50 - alone_streamed.first_p50, "ms"
        ),
        Finding(
            "Added to the first words of a stream, p99", streamed.first_p99 - alone_streamed.first_p99, "ms"
        ),
        Finding("Floor: handing calls on, 16 connections", bare.a_second, "/s", None, "nothing is governed"),
        Finding("Floor: added to a call, one client, p50", bare_alone.p50 - alone.p50, "ms"),
        Finding(
            "Calls refused", refused, "calls", 1, next((r for r in (one.refusal, many.refusal) if r), "")
        ),
        *_kept(home, answered),
    ]


def _loaded(plan: Plan) -> Loaded:
    return load(plan, cores.LOAD)


def _kept(home: Path, answered: int) -> list[Finding]:
    """Compare the journal with what was acknowledged, and verify it."""
    with closing(sqlite3.connect(home / "allotment.sqlite3")) as database:
        recorded = int(database.execute(_DONE).fetchone()[0])
    verified = subprocess.run(
        [sys.executable, "-m", "allotment", "journal", "verify"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join((verified.stdout + verified.stderr).split())[-160:].replace("|", "/")
    note = f"{answered:,} calls were acknowledged, {recorded:,} are in the journal"
    return [
        Finding(
            "Acknowledged calls without their entry, or entries too many",
            abs(answered - recorded),
            "",
            1,
            note,
        ),
        Finding("Problems that verifying finds", float(verified.returncode != 0), "", 1, said),
    ]
