"""The benchmarks run and write their page; what they measure is not asserted here."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import cores
from benchmarks.chat import PLAIN_BODY, Way, answering, passing_through
from benchmarks.findings import Finding, percentile
from benchmarks.loading import load
from benchmarks.serving import environment


@pytest.mark.timeout(300)
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
        "--seconds",
        "0.2",
        "--entries",
        "100",
        "--largest-tree",
        "10000",
        "--decisions",
        "20",
        "--memory-calls",
        "200",
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
    for what in (
        "/health",
        "Resident memory",
        "first event",
        "| journal |",
        "Governed calls",
        "Beside other",
    ):
        assert what in written
    assert "status 500" not in written
    assert "| not installed |" in written


@pytest.mark.parametrize(
    ("measured", "verdict"), [(4.9, "held"), (5.0, "**missed**"), (None, "not measured")]
)
def test_bound_is_held_only_below_it(measured: float | None, verdict: str) -> None:
    assert Finding("Start", measured, "s", 5).verdict == verdict


def test_bound_may_be_the_least() -> None:
    assert Finding("Calls", 2500, "/s", 2500, at_least=True).verdict == "held"
    assert Finding("Calls", 2499, "/s", 2500, at_least=True).verdict == "**missed**"


def test_load_counts_every_answer_whole_and_streamed() -> None:
    with answering() as provider:
        way = Way(provider, {}, PLAIN_BODY)
        loaded = [load(each.plan(2, 0, calls=10), cores.LOAD) for each in (way, way.streamed())]
    for each in loaded:
        assert (each.answered, each.refused) == (12, 0)
        assert 0 < each.first_p50 <= each.p50 <= each.p99


def test_load_keeps_a_pace() -> None:
    with answering() as provider, passing_through(provider) as floor:
        loaded = load(Way(floor.port, {}, "{}", "/").plan(1, 0.2, a_second=50), cores.LOAD)
        assert loaded.answered > 0
        assert loaded.refusal == ""


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert percentile(list(range(1, 41)), 0.95) == 38
