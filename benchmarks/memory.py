"""Whether memory stays flat over a million governed calls through the real server."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks import cores
from benchmarks.chat import answering, governed
from benchmarks.findings import Finding
from benchmarks.loading import load
from benchmarks.serving import resident_bytes

_LOOKS = 10
_LEVEL_MEGABYTES = 5.0
"""What the last quarter may grow: what an allocator keeps for itself is no growth."""


@dataclass(frozen=True)
class Memory:
    """Resident megabytes after so many calls."""

    looks: list[tuple[int, float]]

    @property
    def finding(self) -> Finding:
        """Return how much the last quarter of the calls added."""
        quarter = self.looks[-1 - len(self.looks) // 4 :]
        grown = quarter[-1][1] - quarter[0][1]
        note = f"calls {quarter[0][0]:,} to {quarter[-1][0]:,}; {quarter[-1][1]:.0f} MB at the end"
        return Finding("Memory that the last quarter of the calls added", grown, "MB", _LEVEL_MEGABYTES, note)

    def table(self) -> str:
        """Return the looks as a Markdown table."""
        head = "| calls | resident MB |\n|---|---|"
        return "\n".join((head, *(f"| {calls:,} | {megabytes:.1f} |" for calls, megabytes in self.looks)))


def measure(folder: Path, *, calls: int) -> Memory:
    """Send `calls` over 16 connections and look at the server's memory after each tenth of them."""
    looks: list[tuple[int, float]] = []
    with answering() as provider, governed(folder / "memory", provider) as (way, process):
        answered = 0
        for _ in range(_LOOKS):
            loaded = load(way.plan(16, 0, calls=max(1, calls // _LOOKS)), cores.LOAD)
            if loaded.refused:
                raise SystemExit(f"Calls were refused: {loaded.refusal}")
            answered += loaded.answered
            looks.append((answered, resident_bytes(process) / 1e6))
    return Memory(looks)
