"""`python -m benchmarks.governed [SECONDS]`: governed calls, policies and the journal only, printed as tables."""

import sys
import tempfile
from pathlib import Path

from benchmarks import chat, journal, policies
from benchmarks.findings import table

_ENTRIES = 50_000
_LARGEST_TREE = 100_000
_DECISIONS = 2_000


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory(prefix="allotment-bench-") as folder:
        home = Path(folder)
        print(table(chat.measure(home, seconds=seconds)), end="\n\n", flush=True)
        print(table(policies.measure(times=_DECISIONS)), end="\n\n", flush=True)
        measured = journal.measure(home / "journal", entries=_ENTRIES, largest=_LARGEST_TREE)
        print(table(measured.findings), measured.table(), sep="\n\n")


if __name__ == "__main__":
    main()
