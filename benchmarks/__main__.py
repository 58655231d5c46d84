"""`python -m benchmarks [PART …]`: measure these parts, or all; write docs/benchmarks.md from the newest of every part.

Ends with 1 when a bound was measured and missed, or a part could not be measured.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from allotment.kernel import clock
from benchmarks import report, results
from benchmarks.machine import machine, python
from benchmarks.parts import NAMES, PARTS, QUICK, Part, Sizes
from benchmarks.progress import say
from benchmarks.quiet import load, wait_for_quiet
from benchmarks.results import Result

_ROOT = Path(__file__).parents[1]
_PAGE, _RESULTS = _ROOT / "docs" / "benchmarks.md", _ROOT / ".bench"


def main(arguments: Sequence[str] | None = None, parts: Sequence[Part] = PARTS) -> int:
    """Measure, write what was found, and say what was missed."""
    wanted = _arguments(arguments)
    chosen = [part for part in parts if not wanted.parts or part.name in wanted.parts]
    if not wanted.quick:
        say(
            f"{len(chosen)} of {len(PARTS)} parts, about {sum(part.minutes for part in chosen):.1f} min in all"
        )
    kept = wanted.results / "quick" if wanted.quick else wanted.results
    new, broken = [], []
    for part in chosen:
        try:
            new.append(
                _measured(part, QUICK if wanted.quick else Sizes(), 0 if wanted.quick else wanted.patience)
            )
        except (SystemExit, subprocess.CalledProcessError) as error:
            print(f"{part.name} could not be measured: {error}")
            broken.append(part)
        else:
            results.write(kept, new[-1])
    newest = {name: results.read(kept, name) for name in NAMES}
    page = kept / "benchmarks.md" if wanted.quick else wanted.page
    page.write_text(report.page(newest), encoding="utf-8")
    say(f"Wrote {page}. {report.verdict(newest)}")
    missed = [finding for result in new for finding in result.missed]
    for finding in missed:
        print(f"Missed: {finding.what}: {finding.shown}. {finding.note}".strip())
    return 1 if broken or (missed and not wanted.quick) else 0


def _measured(part: Part, sizes: Sizes, patience: float) -> Result:
    say(f"{part.name}: {part.title}" + (f", about {part.minutes:g} min" if sizes != QUICK else ""))
    idle, began = wait_for_quiet(patience), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="allotment-bench-") as folder:
        measured = part.measure(Path(folder), sizes)
    took = time.monotonic() - began
    say(f"{part.name} took {took / 60:.1f} min")
    return Result(part.name, clock.now(), took, machine(), python(), idle, load(), measured)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    names = ", ".join(NAMES)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, else all: {names}")
    parser.add_argument(
        "--quick", action="store_true", help="see that everything works; says nothing of bounds"
    )
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds to wait for a quiet moment before a part"
    )
    parser.add_argument("--results", type=Path, default=_RESULTS, help="where results are kept")
    parser.add_argument("--page", type=Path, default=_PAGE, help="the page to write")
    wanted = parser.parse_args(given)
    if unknown := set(wanted.parts) - set(NAMES):
        parser.error(f"There is no part {', '.join(sorted(unknown))}. There are: {names}.")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
