"""The page that says what was measured, on what machine, under what load."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from allotment.kernel import clock
from benchmarks import cores, pages
from benchmarks.findings import Finding, table
from benchmarks.journal import Journal
from benchmarks.memory import Memory
from benchmarks.pages import Timed
from benchmarks.quiet import load


@dataclass(frozen=True)
class Measured:
    """Everything one round of measurements found."""

    apps: int
    runs: int
    times: int
    idle: dict[str, float]
    """The share of the processor that was idle just before each part."""
    start: list[Finding]
    pages: list[Timed]
    first_event: list[Finding]
    gate: list[Finding]
    chat: list[Finding]
    journal: Journal
    policies: list[Finding]
    reports: list[Finding]
    batches: list[Finding]
    memory: Memory
    peers: str

    @property
    def promised(self) -> list[Finding]:
        """Return what is promised about the gate, the journal, reports and batches."""
        tabular = (*self.reports, *self.batches)
        found = [*self.chat, *self.policies, *self.journal.findings, *tabular, self.memory.finding]
        return [finding for finding in found if finding.bound is not None]

    def missed(self) -> list[Finding]:
        """Return the promises that were not kept."""
        found = [*self.promised, *self.start, *pages.findings(self.pages), *self.first_event]
        return [finding for finding in found if "missed" in finding.verdict]


def markdown(measured: Measured) -> str:
    """Return the page."""
    missed = measured.missed()
    verdict = "Every bound is held."
    if missed:
        verdict = "Missed: " + "; ".join(finding.what for finding in missed) + ". The rest is held."
    idle = ", ".join(f"{part} {share:.0%}" for part, share in measured.idle.items())
    return f"""# Benchmarks

Written by `make bench` (`python -m benchmarks`); do not edit. {verdict}

- Measured on {clock.now():%d %B %Y, %H:%M} UTC
- Machine: {os.cpu_count()} cores, {_memory_gigabytes():.0f} GB memory, {platform.system()} {platform.machine()}
- Python {platform.python_version()}, SQLite, one process
- Idle share of the processor just before each part: {idle}
- Governed calls: {_cores()}
- Load average at the end: {load():.1f}. Other work on the machine while a part is measured makes its numbers larger.

## Must hold

{table(measured.promised)}

## Governed calls

`POST /v1/chat/completions` with a key, an approved template, an e-mail address to mask, budgets and a price, through
the real server, to a provider on loopback that answers at once. Added: beyond calling that provider directly.

{table(measured.chat)}

## Beside other gateways

The same provider, load and core. The others do not screen, count money or keep a journal here.

{measured.peers}

## The journal

{table(measured.journal.findings)}

{measured.journal.table()}

## Policy decisions

{table(measured.policies)}

## Reports from raw rows

A CSV file of 12 columns: read, every column profiled, grouped by month and region, drawn. Each way in a process of its
own. DuckDB and pandas do neither exact decimals nor the search for personal data, and draw nothing.

{table(measured.reports)}

## Run many

An app of one question over the rows of a file, started and followed through the pages of the real server, all stages of
the gate on, journal on disk. The ideal is rows, divided by questions at once, times the provider's delay.

{table(measured.batches)}

## Memory over many calls

{measured.memory.table()}

## Start, memory and the first event

{table([*measured.start, *pages.findings(measured.pages), *measured.first_event])}

## Pages

Requested {measured.times} times each, one after the other over one connection on loopback, by a person who holds every
role, against the real server with {measured.apps:,} apps and {measured.runs:,} runs stored. The time is from sending
the request to the last byte. kB is what crosses the wire (gzip) for the page with its style and scripts, once.

{pages.table(measured.pages)}

## The gate

One call through all stages with a provider that answers at once; the journal is on disk before the answer leaves.

{table(measured.gate)}

## How to repeat it

```sh
make bench                                              # all of it, a few minutes
python -m benchmarks --apps 50 --runs 2000 --times 5 \\
  --seconds 2 --memory-calls 20000 --largest-tree 100000  # a quick look
python -m benchmarks.governed                             # governed calls and the journal only, to the terminal
```
"""


def _cores() -> str:
    if cores.IS_APART:
        return "the server on one core, the provider and the load on another"
    return "server, provider and load share the only core, so the server has less than one"


def _memory_gigabytes() -> float:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024 / 1e9
    return 0.0
