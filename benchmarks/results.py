"""What a part measured, kept as data: one JSON file for each part, the newest only.

Invariant: a file says when, on what and how long was measured. Refuses: files that do not (`msgspec.ValidationError`).
"""

from datetime import datetime
from pathlib import Path

import msgspec

from benchmarks.findings import Finding, Measured


class Result(msgspec.Struct, frozen=True):
    """One part, measured."""

    part: str
    at: datetime
    """When it was over."""
    seconds: float
    machine: str
    python: str
    idle: float
    """The share of the processor that was idle just before."""
    load: float
    """How many processes wanted the processor at the end, on average over a minute."""
    measured: Measured

    @property
    def missed(self) -> list[Finding]:
        """The bounds that were measured and not held."""
        return [finding for finding in self.measured.findings if finding.is_missed]


def write(folder: Path, result: Result) -> None:
    """Keep a result in place of the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.part}.json"
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    new.replace(path)


def read(folder: Path, part: str) -> Result | None:
    """Return the newest result of a part; None when it was never measured."""
    path = folder / f"{part}.json"
    return msgspec.json.decode(path.read_bytes(), type=Result) if path.exists() else None
