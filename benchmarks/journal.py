"""How fast the journal is written, placed in the tree and verified, and what a proof takes in ever larger trees."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.findings import Finding, Measured
from benchmarks.serving import environment

_ALLOWANCE = 2.0
WORDS = f"""\
Entries as the gate writes them, through its own code, on disk (SQLite, `synchronous = FULL`). Verified is everything:
texts, hashes, signatures and times, on one core; `verify_journal.py` is what an auditor runs on an export of all of it,
from the start of its process. Proofs are of 200 entries chosen at random, and of the growth of the tree from 50 places,
made from stored rows and checked from nothing but the proof. From the smallest tree to the largest, log n grows 1.75
times; the time may grow that much times {_ALLOWANCE:g}, because the rows of a large table lie deeper and further apart.
If proofs read the tree, it would be a thousand times."""


@dataclass(frozen=True)
class Proofs:
    """What proofs take in a tree of so many leaves; times are medians."""

    leaves: int
    hashes: int
    """Of the longest proof of an entry."""
    making_milliseconds: float
    checking_microseconds: float
    growth_hashes: int
    growth_making_milliseconds: float
    growth_checking_microseconds: float

    @property
    def levels(self) -> int:
        """⌈log₂ n⌉: what a proof of an entry may take at most (RFC 6962 §2.1.1)."""
        return math.ceil(math.log2(self.leaves))

    def row(self) -> str:
        """Return the line of the table."""
        return (
            f"| {self.leaves:,} | {self.levels} | {self.hashes} ({self.hashes * 32} bytes) "
            f"| {self.making_milliseconds:.2f} | {self.checking_microseconds:.0f} | {self.growth_hashes} "
            f"| {self.growth_making_milliseconds:.2f} | {self.growth_checking_microseconds:.0f} |"
        )


_HEAD = (
    "| leaves | ⌈log₂ n⌉ | hashes, entry | ms to make | µs to check | hashes, growth | ms to make | µs to check |\n"
    "|---|---|---|---|---|---|---|---|"
)


def measure(home: Path, *, entries: int, largest: int) -> Measured:
    """Measure in a process and a home of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.journal_inside", str(entries), str(largest)],
        env=environment(home),
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    took = json.loads(told.splitlines()[-1])
    proofs = [Proofs(**each) for each in took["proofs"]]
    note = f"{took['entries']:,} entries"
    written, verified = took["appended_a_second"], took["verified_a_second"]
    offline = f"{note}, {took['pack_megabytes']:.0f} MB packed; the start of Python included"
    return Measured(
        [
            Finding("Entries written in groups", written, "/s", 20_000, f"{note}, on disk", at_least=True),
            Finding("Entries written by 5,000 callers at once", took["called_a_second"], "/s", None, note),
            Finding("Placing an entry in the tree", took["placing_microseconds"], "µs", None, note),
            Finding("Entries verified", verified, "/s", 200_000, f"{note}, one core", at_least=True),
            Finding("– by `verify_journal.py`", took["offline_a_second"], "/s", None, offline),
            Finding("Disk for an entry with its place", took["bytes_an_entry"], "bytes", None, note),
            *growth(proofs),
        ],
        ["\n".join((_HEAD, *(each.row() for each in proofs)))],
    )


def growth(proofs: Sequence[Proofs]) -> Iterator[Finding]:
    """Say whether size and time of proofs grow as log n does."""
    sizes = f"at {', '.join(f'{each.leaves:,}' for each in proofs)} leaves"
    beyond = max(each.hashes - each.levels for each in proofs)
    yield Finding("Hashes of a proof of an entry beyond ⌈log₂ n⌉", beyond, "hashes", 1, sizes)
    beyond = max(each.growth_hashes - each.levels for each in proofs)
    yield Finding(
        "Hashes of a proof of growth beyond ⌈log₂ n⌉", beyond, "hashes", 2, f"one more is allowed, {sizes}"
    )
    first, last = proofs[0], proofs[-1]
    grown = math.log2(last.leaves) / math.log2(first.leaves)
    for what, before, after in (
        ("make a proof of an entry", first.making_milliseconds, last.making_milliseconds),
        ("check it", first.checking_microseconds, last.checking_microseconds),
        ("make a proof of growth", first.growth_making_milliseconds, last.growth_making_milliseconds),
        ("check that", first.growth_checking_microseconds, last.growth_checking_microseconds),
    ):
        note = f"{after / before:.2f} times as long in a tree {last.leaves // first.leaves:,} times as large"
        yield Finding(f"Time to {what}, as multiple of log n", after / before / grown, "×", _ALLOWANCE, note)
