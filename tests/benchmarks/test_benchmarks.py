"""The benchmarks run and write their page; what they measure is not asserted here."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.findings import Finding, percentile
from benchmarks.serving import environment


def test_tiny_round_writes_every_table(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    sizes = (
        "--apps",
        "3",
        "--runs",
        "20",
        "--times",
        "1",
        "--events",
        "1",
        "--calls",
        "3",
        "--patience",
        "0",
    )
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *sizes, "--output", str(page)],
        env=environment(tmp_path),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    written = page.read_text(encoding="utf-8")
    for what in ("/health", "Resident memory", "first event", "| journal |", "One policy decision"):
        assert what in written
    assert "status 500" not in written


@pytest.mark.parametrize(
    ("measured", "verdict"), [(4.9, "held"), (5.0, "**missed**"), (None, "not measured")]
)
def test_bound_is_held_only_below_it(measured: float | None, verdict: str) -> None:
    assert Finding("Start", measured, "s", 5).verdict == verdict


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert percentile(list(range(1, 41)), 0.95) == 38
