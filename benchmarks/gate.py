"""What the gate costs, stage by stage, with a provider that answers at once."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.findings import Finding, Measured
from benchmarks.serving import environment

WORDS = """\
One call through all eight stages, one at a time, inside a process of its own, with the real policies, budgets and
journal writer, the fast tier of screening, a text of 450 characters with three values to mask, and a provider that
answers at once and whole (a stream has one entry more). Recording waits until the entry is on disk; under load many
calls share that wait. The door before the gate (HTTP, the key, the template's wording) is no stage; governed calls
above pay for it, too."""
_STAGES = ("identify", "authorise", "limit", "screen in", "perform", "screen out", "meter", "record")
SCREENING = "screening"
_WHOLE, _BETWEEN = "whole call", "between the stages"


@dataclass(frozen=True)
class Stage:
    """One line: milliseconds of one stage."""

    name: str
    p50: float
    p99: float


def measure(*, times: int) -> Measured:
    """Measure in a process and a home of its own."""
    took = stages(times)
    by_name = {stage.name: stage for stage in took}
    overhead = by_name[_WHOLE].p50 - by_name["perform"].p50
    note = f"median of {times:,}"
    found = [
        Finding("Gate, whole call with a provider of 0 ms", by_name[_WHOLE].p50, "ms", None, note),
        Finding("Gate, overhead beyond the provider", overhead, "ms", None, note),
        Finding("Screening, per 500 characters", by_name[SCREENING].p50, "ms", None, note),
    ]
    return Measured(found, [table(took)])


def stages(times: int) -> list[Stage]:
    """Return what each stage takes, in the order of the gate; then the rest and the whole."""
    with tempfile.TemporaryDirectory() as home:
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.gate_stages", str(times)],
            env=environment(Path(home)),
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    took = json.loads(told.splitlines()[-1])
    rest = took[_WHOLE][0] - sum(took[stage][0] for stage in _STAGES)
    took[_BETWEEN] = (max(0.0, rest), 0.0)
    return [Stage(name, *took[name]) for name in (*_STAGES, _BETWEEN, _WHOLE, SCREENING)]


def table(took: list[Stage]) -> str:
    """Return the stages as a Markdown table."""
    head = "| stage | p50 ms | p99 ms |\n|---|---|---|"
    lines = (f"| {stage.name} | {cells(stage)} |" for stage in took if stage.name != SCREENING)
    return "\n".join((head, *lines))


def cells(stage: Stage) -> str:
    """Return p50 and p99 as cells; what lies between the stages is a difference, which has no p99."""
    return f"{stage.p50:.3f} | {'–' if stage.name == _BETWEEN else f'{stage.p99:.3f}'}"
