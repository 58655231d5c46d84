"""Governed calls through the real server: `POST /v1/chat/completions`, every stage on, the journal on disk."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import cores
from benchmarks.findings import Finding, Measured
from benchmarks.loading import NUMBER, Loaded, Plan, load
from benchmarks.progress import say
from benchmarks.serving import environment, free_port, serving, wait_for_health

WORDS = """\
`POST /v1/chat/completions` with a key, an approved template, an e-mail address to mask (another one in each call),
budgets and a price, through the real server, to a provider on loopback that answers at once; the journal on disk.
Added: beyond calling that provider directly. The floor is a bare ASGI server that hands the same calls on, on the same
core; it is measured before and after, because a machine is not always equally fast."""
PATH = "/v1/chat/completions"
MESSAGE = (
    "Good morning, my order has not arrived although I paid for it last Monday. Please write to"
    f" elif.demir.{NUMBER}@example.com as soon as you can, I am worried. Could you tell me where it is?"
)
_PACE = 1_000
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
PLAIN = [({}, PLAIN_BODY)]
"""What a caller sends who is not governed."""


Question = tuple[Mapping[str, str], str]
"""Headers and body."""


@dataclass(frozen=True)
class Way:
    """One way to the provider: its port and what is asked, in turn."""

    port: int
    questions: Sequence[Question]
    path: str = PATH

    def plan(self, connections: int, seconds: float, *, calls: int = 0, a_second: float = 0) -> Plan:
        """Return a plan of load on this way."""
        return Plan(self.port, self.path, self.questions, connections, seconds, calls, a_second)

    def streamed(self) -> "Way":
        """Return the same with a stream for an answer."""
        return replace(self, questions=[streamed(one) for one in self.questions])


def streamed(question: Question) -> Question:
    """Return the same question, to be answered in a stream."""
    headers, body = question
    return headers, json.dumps({**json.loads(body), "stream": True})


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
            yield Way(port, PLAIN)
        finally:
            process.terminate()


def prepared(home: Path, provider: int, *, people: int = 1) -> list[Question]:
    """Prepare an installation whose model stands behind the provider; return a question of each of its people."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.askable", str(provider), str(people)],
        env=environment(home),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    how = json.loads(told.splitlines()[-1])
    prompt = {**how["prompt"], "variables": {"message": MESSAGE}}
    body = json.dumps({"model": how["model"], "prompt": prompt, "temperature": 0.2, "max_tokens": 256})
    return [({"Authorization": f"Bearer {key}"}, body) for key in how["keys"]]


@contextmanager
def governed(home: Path, questions: Sequence[Question]) -> Iterator[tuple[Way, int]]:
    """Run the real server of a prepared installation; give the way through it and the id of its process."""
    with serving(home, core=cores.SERVER) as server:
        yield Way(server.port, questions), server.process.pid


@dataclass(frozen=True)
class _Floor:
    """What handing calls on takes, at one moment."""

    few: Loaded
    many: Loaded

    @property
    def best(self) -> Loaded:
        return max(self.few, self.many, key=lambda each: each.a_second)


@dataclass(frozen=True)
class _Calls:
    """Every load of governed calls."""

    one: Loaded
    few: Loaded
    many: Loaded
    paced: Loaded
    streamed: Loaded

    @property
    def every(self) -> tuple[Loaded, ...]:
        return self.one, self.few, self.many, self.paced, self.streamed

    @property
    def best(self) -> Loaded:
        return max(self.few, self.many, key=lambda each: each.a_second)


def measure(folder: Path, *, seconds: float) -> Measured:
    """Measure the direct way, the floor, the governed way and the floor again; then verify what was recorded."""
    home = folder / "calls"
    with answering() as provider:
        questions = prepared(home, provider)
        direct = Way(provider, PLAIN)
        say("one client, directly")
        alone = _loaded(direct.plan(1, seconds))
        first_words = _loaded(direct.streamed().plan(1, seconds))
        with passing_through(provider) as floor:
            say("the floor: one client, 16 and 64 connections")
            handed_on = _loaded(floor.plan(1, seconds))
            before = _floor(floor, seconds)
        with governed(home, questions) as (way, _):
            calls = _governed(way, seconds)
        with passing_through(provider) as floor:
            say("the floor again")
            after = _floor(floor, seconds)
    say("verifying the journal")
    answered = sum(each.answered for each in calls.every)
    refused = sum(each.refused for each in calls.every)
    refusal = next((each.refusal for each in calls.every if each.refusal), "")
    return Measured(
        [
            *_speed(calls),
            *_scale(calls, [before, after]),
            *_added(calls, alone, first_words),
            Finding("Floor: added to a call, one client, p50", handed_on.p50 - alone.p50, "ms"),
            Finding("Calls refused", refused, "calls", 1, _in_a_cell(refusal)),
            *_kept(home, answered),
        ]
    )


def _governed(way: Way, seconds: float) -> _Calls:
    say("governed: one client, 16 and 64 connections")
    one, few, many = [_loaded(way.plan(each, seconds)) for each in (1, 16, 64)]
    say(f"governed: {_PACE:,} calls/s, then streams")
    paced = _loaded(way.plan(64, seconds, a_second=_PACE))
    return _Calls(one, few, many, paced, _loaded(way.streamed().plan(1, seconds)))


def _floor(floor: Way, seconds: float) -> _Floor:
    return _Floor(*(_loaded(floor.plan(each, seconds)) for each in (16, 64)))


def _speed(calls: _Calls) -> Iterator[Finding]:
    what = "Governed calls, best of 16 and 64 connections"
    yield Finding(what, calls.best.a_second, "/s", 2500, "", at_least=True)
    for connections, each in ((16, calls.few), (64, calls.many)):
        note = f"p50 {each.p50:.1f} ms, p99 {each.p99:.1f} ms"
        yield Finding(f"– {connections} connections", each.a_second, "/s", None, note)


def _scale(calls: _Calls, floors: list[_Floor]) -> Iterator[Finding]:
    """Compare with handing calls on, which was measured before and after: they differ as much as the machine did."""
    a_second = [each.best.a_second for each in floors]
    floor = sum(a_second) / len(a_second)
    note = (
        " and ".join(f"{each:,.0f}" for each in a_second) + " calls/s, before and after; nothing is governed"
    )
    yield Finding("Floor: handing calls on, best of 16 and 64 connections", floor, "/s", None, note)
    governed, handed_on = 1e6 / calls.best.a_second, 1e6 / floor
    note = f"a governed call costs {governed:,.0f} µs of one core, handing it on alone {handed_on:,.0f} µs"
    yield Finding(
        "Governed calls as a share of the floor", 100 * calls.best.a_second / floor, "%", None, note
    )


def _added(calls: _Calls, alone: Loaded, first_words: Loaded) -> Iterator[Finding]:
    one, paced, first = calls.one, calls.paced, calls.streamed
    yield Finding("Added to a call, one client, p50", one.p50 - alone.p50, "ms", 1)
    yield Finding("Added to a call, one client, p99", one.p99 - alone.p99, "ms", 5)
    what = f"Added to a call at {_PACE:,} calls/s"
    yield Finding(f"{what}, p50", paced.p50 - alone.p50, "ms")
    yield Finding(f"{what}, p99", paced.p99 - alone.p99, "ms", 15)
    note = f"less than {_PACE:,} by at most 5 %, else what was added at that pace says nothing"
    yield Finding(
        f"Calls answered at a pace of {_PACE:,}/s", paced.a_second, "/s", 0.95 * _PACE, note, at_least=True
    )
    what = "Added to the first words of a stream"
    yield Finding(f"{what}, p50", first.first_p50 - first_words.first_p50, "ms")
    yield Finding(f"{what}, p99", first.first_p99 - first_words.first_p99, "ms")


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
    said = (verified.stdout + verified.stderr)[-160:]
    note = f"{answered:,} calls were acknowledged, {recorded:,} are in the journal"
    return [
        Finding(
            "Acknowledged calls without their entry, or entries too many",
            abs(answered - recorded),
            "",
            1,
            note,
        ),
        Finding("Problems that verifying finds", float(verified.returncode != 0), "", 1, _in_a_cell(said)),
    ]


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
