"""How fast the journal is written, placed in the tree and verified, and what a proof takes in ever larger trees."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.findings import Finding
from benchmarks.serving import environment


@dataclass(frozen=True)
class Proof:
    """What a proof takes in a tree of so many leaves."""

    leaves: int
    hashes: int
    milliseconds: float
    growth_milliseconds: float
    """To prove that a tree a third as large is its beginning."""

    def row(self) -> str:
        """Return the line of the table."""
        size = f"{self.hashes} hashes, {self.hashes * 32:,} bytes"
        return f"| {self.leaves:,} | {size} | {self.milliseconds:.2f} | {self.growth_milliseconds:.2f} |"


@dataclass(frozen=True)
class Journal:
    """What was measured."""

    findings: list[Finding]
    proofs: list[Proof]

    def table(self) -> str:
        """Return the proofs as a Markdown table."""
        head = "| leaves | proof of an entry | ms, median | proof of growth, ms |\n|---|---|---|---|"
        return "\n".join((head, *(proof.row() for proof in self.proofs)))


def measure(home: Path, *, entries: int, largest: int) -> Journal:
    """Measure in a process and a home of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.journal_inside", str(entries), str(largest)],
        env=environment(home),
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    took = json.loads(told.splitlines()[-1])
    note = f"{took['entries']:,} entries"
    written, verified = took["appended_a_second"], took["verified_a_second"]
    return Journal(
        findings=[
            Finding("Entries written in groups", written, "/s", 20_000, f"{note}, on disk", at_least=True),
            Finding("Entries written by 5,000 callers at once", took["called_a_second"], "/s", None, note),
            Finding("Placing an entry in the tree", took["placing_microseconds"], "µs", None, note),
            Finding("Entries verified", verified, "/s", 200_000, f"{note}, one core", at_least=True),
            Finding("Disk for an entry with its place", took["bytes_an_entry"], "bytes", None, note),
        ],
        proofs=[Proof(**each) for each in took["proofs"]],
    )
