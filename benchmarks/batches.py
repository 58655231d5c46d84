"""Run many: how close to the ideal a batch comes, whether memory stays flat over many rows, how fast its page is.

The ideal is what the provider takes: rows, divided by questions at once, times its delay. Everything of a run is on:
the gate with its screens, the journal on disk, sealing.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from allotment.kernel.settings import settings
from benchmarks.browsing import Visitor
from benchmarks.findings import Finding, Measured, percentile
from benchmarks.progress import say
from benchmarks.serving import Server, environment, serving

WORDS = """\
An app of one question over the rows of a file, started and followed through the pages of the real server, all stages of
the gate on, journal on disk. The ideal is rows, divided by questions at once, times the provider's delay."""
AT_ONCE = 16
"""Questions to the model at once: its budget."""
DELAY_MILLISECONDS = 50
"""What the slow provider takes for each."""
_SOME = 1_000
_TIMES_IDEAL = 1.4
_QUESTIONS, _CUSTOMERS = Path("customer-queries") / "banking77-test.csv", 3_080
_LEVEL_MEGABYTES = 10.0
"""What the last half may grow: what an allocator keeps for itself is no growth."""
_PAGE_MILLISECONDS = 100
_LOOKS = 10
_PAGE_EVERY_SECONDS = 2.0
"""As often as a browser refreshes it."""
_PATIENCE_SECONDS = 1800


@dataclass(frozen=True)
class _Planted:
    email: str
    password: str
    app: str
    sheets: dict[str, str]


@dataclass
class _Watched:
    """What was seen of one batch."""

    seconds: float = 0.0
    memory: list[tuple[int, float]] = field(default_factory=list)
    """Rows over, and resident megabytes then."""
    pages: list[float] = field(default_factory=list)
    """Milliseconds, while it is at work."""


def measure(folder: Path, *, rows: int) -> Measured:
    """Run a batch of a thousand rows against a slow provider, then one of `rows` against one that answers at once."""
    home, questions = folder / "batches", settings().eval_data / _QUESTIONS
    files = [str(questions.resolve())] if questions.exists() else []
    planted = _plant(home, str(_SOME), str(rows), *files)
    with serving(home) as server:
        visitor = Visitor.signed_in(server.port, planted.email, planted.password)
        say(f"{_SOME:,} rows, slowly, then {rows:,} rows")
        some = _watched(home, server, visitor, _start(visitor, planted, str(_SOME)), _SOME)
        many = _watched(home, server, visitor, _start(visitor, planted, str(rows)), rows)
        of_customers = [
            _customers(home, server, visitor, _start(visitor, planted, file, "text")) for file in files
        ]
    found = [*_findings_of_time(some), *_findings_of_memory(many, rows)]
    return Measured([*found, *(of_customers or [_no_customers()])])


def _customers(home: Path, server: Server, visitor: Visitor, page: str) -> Finding:
    """Run the questions that customers really asked, as a service desk would drop them in."""
    seen = _watched(home, server, visitor, page, _CUSTOMERS)
    note = f"{_CUSTOMERS:,} questions of customers of a bank (banking77), every one answered"
    return Finding("Customers’ questions as a batch", seen.seconds, "s", None, note)


def _no_customers() -> Finding:
    return Finding("Customers’ questions as a batch", None, "s", None, "needs ALLOTMENT_EVAL_DATA")


def _findings_of_time(some: _Watched) -> Iterator[Finding]:
    ideal = _SOME / AT_ONCE * DELAY_MILLISECONDS / 1000
    note = f"{_SOME:,} rows, {DELAY_MILLISECONDS} ms each, {AT_ONCE} at once: {some.seconds:.2f} s"
    yield Finding("Run many, as multiple of the ideal", some.seconds / ideal, "×", _TIMES_IDEAL, note)


def _findings_of_memory(many: _Watched, rows: int) -> Iterator[Finding]:
    half = [megabytes for done, megabytes in many.memory if done >= rows / 2]
    note = (
        f"{min(megabytes for _, megabytes in many.memory):.0f} MB at the least, {half[-1]:.0f} MB at the end"
    )
    what = f"Memory that the last half of {rows:,} rows added"
    yield Finding(what, half[-1] - half[0], "MB", _LEVEL_MEGABYTES, note)
    note = f"{len(many.pages)} requests while {rows:,} rows were at work"
    yield Finding(
        "Page of a batch at work, p95", percentile(many.pages, 0.95), "ms", _PAGE_MILLISECONDS, note
    )
    yield Finding("Rows a second, provider answers at once", rows / many.seconds, "rows/s", None, "two cores")


def _plant(home: Path, *wanted: str) -> _Planted:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.batches_planting", *wanted],
        env=environment(home),
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    return _Planted(**json.loads(told.splitlines()[-1]))


def _start(visitor: Visitor, planted: _Planted, sheet: str, column: str = "Text") -> str:
    """Start a batch as a person does; returns its page."""
    page = f"/apps/{planted.app}/many/{planted.sheets[sheet]}/"
    answer = visitor.submit(page, {"field-text": column, "do": "start"})
    if answer.status != 302:
        raise SystemExit(f"The batch did not start: status {answer.status}.")
    return answer.location


def _watched(home: Path, server: Server, visitor: Visitor, page: str, rows: int) -> _Watched:
    """Look at a batch until it is over: at its page, and at the memory of the server."""
    watched, deadline = _Watched(), time.monotonic() + _PATIENCE_SECONDS
    next_page = time.monotonic()
    batch = page.strip("/").rpartition("/")[2].replace("-", "")
    while time.monotonic() < deadline:
        state, done, began, ended = _stored(home, batch)
        if ended is not None:
            if (state, done) != ("done", rows):
                raise SystemExit(f"The batch ended as {state} with {done:,} of {rows:,} rows answered.")
            watched.memory.append((done, server.resident_megabytes()))
            watched.seconds = (ended - began).total_seconds()
            return watched
        if done * _LOOKS >= len(watched.memory) * rows:
            watched.memory.append((done, server.resident_megabytes()))
        if time.monotonic() >= next_page:
            watched.pages.append(visitor.get(page).milliseconds)
            next_page = time.monotonic() + _PAGE_EVERY_SECONDS
        time.sleep(0.05)
    raise SystemExit("The batch did not end.")


def _stored(home: Path, batch: str) -> tuple[str, int, datetime, datetime | None]:
    query = "SELECT state, done, created_at, finished_at FROM batches_batch WHERE id = ?"
    with closing(sqlite3.connect(f"file:{home / 'allotment.sqlite3'}?mode=ro", uri=True)) as database:
        state, done, began, ended = database.execute(query, (batch,)).fetchone()
    return state, done, datetime.fromisoformat(began), ended and datetime.fromisoformat(ended)
