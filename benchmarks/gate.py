"""What the gate costs, stage by stage, with a provider that answers at once."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.findings import Finding
from benchmarks.serving import environment

_STAGES = ("identify", "authorise", "limit", "screen in", "perform", "screen out", "record")


def measure(*, times: int) -> list[Finding]:
    """Measure in a process and a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.gate_stages", str(times)],
            env=environment(Path(home)),
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    took = json.loads(told.splitlines()[-1])
    overhead = took["whole"] - took["perform"]
    note = f"median of {times}"
    return [
        Finding("Screening, per 500 characters", took["screening"], "ms", None, note),
        Finding("One policy decision", took["decision"] * 1000, "µs", None, note),
        Finding("Gate, whole call with a provider of 0 ms", took["whole"], "ms", None, note),
        Finding("Gate, overhead beyond the provider", overhead, "ms", None, note),
        *(Finding(f"– {stage}", took[stage], "ms", None, note) for stage in _STAGES),
    ]
