"""The benchmarks run, keep what they measured and write their page; what they measure is not asserted here."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import cores, peers, report, results
from benchmarks.__main__ import main
from benchmarks.chat import PLAIN, Way, answering, passing_through
from benchmarks.findings import Finding, Measured, percentile
from benchmarks.journal import Proofs, growth
from benchmarks.loading import NUMBER, Plan, load
from benchmarks.memory import second_half
from benchmarks.parts import NAMES, PARTS, Part
from benchmarks.results import Result
from benchmarks.serving import environment

HELD, MISSED = Finding("Start", 4, "s", 5), Finding("Memory", 6, "MB", 5)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments, "--results", str(home / "kept")]
    return subprocess.run(command, env=environment(home), check=False, capture_output=True, text=True)


@pytest.mark.timeout(1800)
def test_quick_round_measures_every_part_and_writes_every_table(tmp_path: Path) -> None:
    done = run(tmp_path, "--quick")
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in (tmp_path / "kept" / "quick").glob("*.json")} == set(NAMES)
    page = (tmp_path / "kept" / "quick" / "benchmarks.md").read_text(encoding="utf-8")
    for what in (
        "Must hold",
        "meter",
        "first event",
        "LiteLLM proxy",
        "1,000 rows of 12 columns",
        "⌈log₂ n⌉",
        "/s",
    ):
        assert what in page
    assert all(f"## {part.title}\n" in page for part in PARTS)
    assert "status 500" not in page
    assert "Never measured" not in page


def test_one_part_is_measured_alone_and_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "quick"
    results.write(kept, measured("calls", HELD))
    done = run(tmp_path, "policies", "--quick")
    assert done.returncode == 0, done.stderr
    assert results.read(kept, "calls") == measured("calls", HELD)
    assert results.read(kept, "policies") is not None
    page = (kept / "benchmarks.md").read_text(encoding="utf-8")
    assert "Never measured: `python -m benchmarks memory`." in page


def test_a_part_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "polices")
    assert done.returncode == 2
    assert "There is no part polices." in done.stderr


def measured(part: str, *findings: Finding, at: datetime = datetime(2026, 11, 30, tzinfo=UTC)) -> Result:
    return Result(part, at, 60, "2 cores", "CPython 3.11", 0.99, 0.1, Measured(list(findings), ["| a |"]))


def every_part(finding: Finding) -> dict[str, Result | None]:
    return {name: measured(name, finding) for name in NAMES}


def broken() -> Measured:
    raise SystemExit("The server did not start.")


@pytest.mark.parametrize(
    ("measure", "status"), [(lambda: Measured([HELD]), 0), (lambda: Measured([MISSED]), 1), (broken, 1)]
)
def test_a_missed_bound_or_a_broken_part_ends_with_one(
    tmp_path: Path, measure: Callable[[], Measured], status: int
) -> None:
    part = Part("calls", "Calls", 1, "Words.", lambda *_: measure())
    places = ("--patience", "0", "--results", str(tmp_path), "--page", str(tmp_path / "page.md"))
    assert main(places, [part]) == status
    assert "# Benchmarks" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_every_bound_is_held_only_when_every_part_was_measured() -> None:
    assert report.verdict(every_part(HELD)) == "Every bound is held."
    assert report.verdict({**every_part(HELD), "memory": None}) == (
        "Parts never measured: memory. Every other bound that was measured is held."
    )


def test_a_bound_that_was_missed_or_not_measured_is_named() -> None:
    newest = every_part(HELD)
    assert report.verdict({**newest, "calls": measured("calls", HELD, MISSED)}) == (
        "Missed: Memory. Every other bound that was measured is held."
    )
    assert report.verdict({**newest, "calls": measured("calls", replace(HELD, measured=None))}) == (
        "Could not be measured: Start. Every other bound that was measured is held."
    )


def test_every_section_says_when_it_was_measured() -> None:
    newest = {
        **every_part(HELD),
        "memory": measured("memory", HELD, at=datetime(2026, 12, 1, tzinfo=UTC)),
    }
    page = report.page(newest)
    assert page.count("Measured on 30 November 2026, 00:00 UTC") == len(NAMES) - 1
    assert page.count("Measured on 01 December 2026, 00:00 UTC") == 1


def test_the_newest_result_replaces_the_one_before(tmp_path: Path) -> None:
    results.write(tmp_path, measured("calls", HELD))
    results.write(tmp_path, measured("calls", MISSED))
    assert results.read(tmp_path, "calls") == measured("calls", MISSED)
    assert results.read(tmp_path, "memory") is None


@pytest.mark.parametrize(
    ("measured", "verdict"), [(4.9, "held"), (5.0, "**missed**"), (None, "not measured")]
)
def test_bound_is_held_only_below_it(measured: float | None, verdict: str) -> None:
    assert Finding("Start", measured, "s", 5).verdict == verdict


def test_bound_may_be_the_least() -> None:
    assert Finding("Calls", 2500, "/s", 2500, at_least=True).verdict == "held"
    assert Finding("Calls", 2499, "/s", 2500, at_least=True).verdict == "**missed**"


def test_proofs_that_grow_with_the_tree_are_missed() -> None:
    small = Proofs(10_000, 14, 1.0, 10.0, 15, 1.0, 10.0)
    as_the_logarithm = Proofs(10_000_000, 24, 1.75, 17.5, 25, 1.75, 17.5)
    as_the_tree = Proofs(10_000_000, 25, 1000.0, 10_000.0, 26, 1000.0, 10_000.0)
    assert not any(finding.is_missed for finding in growth([small, as_the_logarithm]))
    assert all(finding.is_missed for finding in growth([small, as_the_tree]))


def test_memory_that_grows_in_the_second_half_is_missed() -> None:
    level = [(calls, 180.0 + (calls == 1)) for calls in range(1, 11)]
    assert second_half(level).measured == 0
    growing = [(calls, 180.0 + 2 * calls) for calls in range(1, 11)]
    assert second_half(growing).measured == 10
    assert second_half(growing).is_missed


def test_load_counts_every_answer_whole_and_streamed() -> None:
    with answering() as provider:
        way = Way(provider, PLAIN)
        loaded = [load(each.plan(2, 0, calls=10), cores.LOAD) for each in (way, way.streamed())]
    for each in loaded:
        assert (each.answered, each.refused) == (12, 0)
        assert 0 < each.first_p50 <= each.p50 <= each.p99


def test_load_keeps_a_pace() -> None:
    with answering() as provider, passing_through(provider) as floor:
        loaded = load(Way(floor.port, [({}, "{}")], "/").plan(1, 0.2, a_second=50), cores.LOAD)
        assert loaded.answered > 0
        assert loaded.refusal == ""


def test_load_asks_in_turn_and_numbers_every_call() -> None:
    questions = [({"Authorization": "Bearer a"}, f"one {NUMBER}"), ({}, f"two {NUMBER}")]
    requests = Plan(80, "/", questions, first=41).requests()
    first, second, third = next(requests), next(requests), next(requests)
    assert first.endswith(b"\r\n\r\none 0000000041")
    assert b"Bearer a" in first
    assert second.endswith(b"\r\n\r\ntwo 0000000042")
    assert b"Bearer" not in second
    assert third.endswith(b"\r\n\r\none 0000000043")


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert percentile(list(range(1, 41)), 0.95) == 38


@pytest.mark.parametrize(
    ("folder", "found"),
    [("lib/node_modules/@portkey-ai/gateway", "$gateway of @portkey-ai"), ("bin", "$gateway of tensorzero")],
)
def test_two_gateways_of_one_name_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, found: str
) -> None:
    program, path = tmp_path / folder / "start", tmp_path / "path"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    path.mkdir()
    (path / "gateway").symlink_to(program)
    monkeypatch.setenv("PATH", str(path))
    needs = ("$gateway of @portkey-ai", "$gateway of tensorzero")
    assert [need for need in needs if peers.is_installed(need, sys.executable)] == [found]


def test_a_module_is_looked_for_in_the_environment_of_the_peers() -> None:
    assert peers.is_installed("json", sys.executable)
    assert not peers.is_installed("no_such_gateway", sys.executable)
