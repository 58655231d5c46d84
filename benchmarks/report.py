"""The page that says what was measured, on what machine, under what load."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from allotment.kernel import clock
from benchmarks import pages
from benchmarks.findings import Finding, table
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

    def missed(self) -> list[Finding]:
        """Return the promises that were not kept."""
        found = [*self.start, *pages.findings(self.pages), *self.first_event]
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
- Load average at the end: {load():.1f}. Other work on the machine while a part is measured makes its numbers larger.

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
python -m benchmarks --apps 50 --runs 2000 --times 5    # a quick look
```
"""


def _memory_gigabytes() -> float:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024 / 1e9
    return 0.0
