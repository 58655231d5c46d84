"""`python -m benchmarks`: measure everything, write docs/benchmarks.md, say what was missed."""

import argparse
import tempfile
from pathlib import Path

from allotment.kernel.settings import settings
from benchmarks import (
    batches,
    chat,
    first_event,
    gate,
    journal,
    memory,
    pages,
    peers,
    policies,
    report,
    reporting,
    start,
)
from benchmarks.filling import fill
from benchmarks.quiet import wait_for_quiet
from benchmarks.serving import serving

_DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Measure, and write what was found."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="allotment-bench-") as folder:
        measured = _measure(wanted, Path(folder))
    wanted.output.parent.mkdir(exist_ok=True)
    wanted.output.write_text(report.markdown(measured), encoding="utf-8")
    print(f"Wrote {wanted.output}.")
    for finding in measured.missed():
        print(f"Missed: {finding.what}: {finding.measured:.1f} {finding.unit}, {finding.note}.")


def _measure(wanted: argparse.Namespace, folder: Path) -> report.Measured:
    large, small = folder / "large", folder / "small"
    print(f"Storing {wanted.apps:,} apps and {wanted.runs:,} runs …", flush=True)
    filled = fill(large, apps=wanted.apps, runs=wanted.runs)
    idle = {"start and memory": _quiet(wanted, "start and memory")}
    started = start.measure(small, settings().practice_model_file)
    with serving(large) as server:
        idle["pages"] = _quiet(wanted, "pages")
        timed = pages.measure(server, filled, times=wanted.times)
        idle["first event"] = _quiet(wanted, "first event")
        events = first_event.measure(server, filled, times=wanted.events)
    idle["gate"] = _quiet(wanted, "gate")
    stages = gate.measure(times=wanted.calls)
    idle["governed calls"] = _quiet(wanted, "governed calls")
    governed = chat.measure(folder, seconds=wanted.seconds)
    beside = peers.measure(folder, seconds=wanted.seconds)
    idle["journal and policies"] = _quiet(wanted, "journal and policies")
    kept = journal.measure(folder / "journal", entries=wanted.entries, largest=wanted.largest_tree)
    decided = policies.measure(times=wanted.decisions)
    idle["reports"] = _quiet(wanted, "reports from raw rows")
    reported = reporting.measure()
    idle["run many"] = _quiet(wanted, "run many")
    many = batches.measure(folder, rows=wanted.rows)
    idle["memory"] = _quiet(wanted, "memory over many calls")
    return report.Measured(
        apps=wanted.apps,
        runs=wanted.runs,
        times=wanted.times,
        idle=idle,
        start=started,
        pages=timed,
        first_event=events,
        gate=stages,
        chat=governed,
        journal=kept,
        policies=decided,
        reports=reported,
        batches=many,
        memory=memory.measure(folder, calls=wanted.memory_calls),
        peers=beside,
    )


def _quiet(wanted: argparse.Namespace, what: str) -> float:
    print(f"Measuring {what} …", flush=True)
    return wait_for_quiet(wanted.patience)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--apps", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40, help="requests of each page")
    parser.add_argument("--events", type=int, default=30, help="runs followed to their first event")
    parser.add_argument("--calls", type=int, default=200, help="calls through the gate")
    parser.add_argument("--seconds", type=float, default=8, help="length of each load of governed calls")
    parser.add_argument("--entries", type=int, default=100_000, help="entries written to a journal")
    parser.add_argument("--largest-tree", type=int, default=10_000_000, help="leaves of the largest tree")
    parser.add_argument("--decisions", type=int, default=5_000, help="questions to the policies")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the large batch")
    parser.add_argument("--memory-calls", type=int, default=1_000_000, help="calls while memory is watched")
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds to wait for a quiet moment before each part"
    )
    parser.add_argument("--output", type=Path, default=_DOCUMENT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
