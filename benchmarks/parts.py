"""The parts of the measurements, in the order of the page. Each can be measured alone, in a folder of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from allotment.kernel.settings import settings
from benchmarks import batches, chat, gate, journal, memory, pages, peers, policies, reporting, start
from benchmarks.findings import Measured


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    seconds: float = 8
    """Of each load of calls."""
    calls: int = 2_000
    """Through the gate, in its own process."""
    decisions: int = 5_000
    entries: int = 100_000
    largest_tree: int = 10_000_000
    memory_calls: int = 1_000_000
    apps: int = 1_000
    runs: int = 100_000
    times: int = 40
    """Requests of each page."""
    events: int = 30
    rows: int = 100_000
    """Of the large batch."""
    report_rows: int = 1_000_000


QUICK = Sizes(0.2, 5, 50, 200, 10_000, 400, 3, 20, 1, 1, 500, 1_000)
"""Enough to see that everything works, and too little to say anything about a bound."""


@dataclass(frozen=True)
class Part:
    """Something that can be measured alone."""

    name: str
    title: str
    minutes: float
    """How long it takes on two cores, roughly."""
    words: str
    measure: Callable[[Path, Sizes], Measured]


PARTS = (
    Part("calls", "Governed calls", 4, chat.WORDS, lambda at, size: chat.measure(at, seconds=size.seconds)),
    Part("stages", "The gate, stage by stage", 0.5, gate.WORDS, lambda _, size: gate.measure(times=size.calls)),
    Part(
        "peers", "Beside other gateways", 6, peers.WORDS,
        lambda at, size: peers.measure(at, seconds=size.seconds, times=size.calls),
    ),
    Part("policies", "Policy decisions", 0.2, policies.WORDS, lambda _, size: policies.measure(times=size.decisions)),
    Part(
        "journal", "The journal", 5, journal.WORDS,
        lambda at, size: journal.measure(at, entries=size.entries, largest=size.largest_tree),
    ),
    Part(
        "memory", "Memory over many calls", 9, memory.WORDS,
        lambda at, size: memory.measure(at, calls=size.memory_calls),
    ),
    Part(
        "reports", "Reports from raw rows", 1, reporting.WORDS,
        lambda _, size: reporting.measure(rows=size.report_rows),
    ),
    Part("many", "Run many", 5, batches.WORDS, lambda at, size: batches.measure(at, rows=size.rows)),
    Part(
        "start", "Start and memory", 1.5, start.WORDS,
        lambda at, _: start.measure(at, settings().practice_model_file),
    ),
    Part("pages", "Pages and the first event", 5, pages.WORDS, pages.measure),
)  # fmt: skip
NAMES = tuple(part.name for part in PARTS)
