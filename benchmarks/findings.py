"""What was measured, against what was promised, and how it is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One measurement. `bound` is the most it may be, or the least (`at_least`); None: there is no promise about it."""

    what: str
    measured: float | None
    """None: it could not be measured, and `note` says why."""
    unit: str
    bound: float | None = None
    note: str = ""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Return what became of the promise."""
        if self.measured is None:
            return "not measured"
        if self.bound is None:
            return "–"
        return "**missed**" if self.is_missed else "held"

    @property
    def is_missed(self) -> bool:
        """Whether it was measured and is beyond its bound."""
        if self.measured is None or self.bound is None:
            return False
        return self.measured < self.bound if self.at_least else self.measured >= self.bound

    def row(self) -> str:
        """Return the line of the table."""
        sign = "≥" if self.at_least else "<"
        bound = "–" if self.bound is None else f"{sign} {_number(self.bound)} {self.unit}"
        return f"| {self.what} | {bound} | {self.shown} | {self.verdict} | {self.note} |"

    @property
    def shown(self) -> str:
        """Return the measured number with its unit."""
        return "–" if self.measured is None else f"{_number(self.measured)} {self.unit}".strip()


@dataclass(frozen=True)
class Measured:
    """What a part found."""

    findings: list[Finding]
    tables: list[str] = field(default_factory=list)
    """Further tables, as Markdown."""


def table(found: Iterable[Finding]) -> str:
    """Return findings as a Markdown table."""
    head = "| what | bound | measured | verdict | note |\n|---|---|---|---|---|"
    return "\n".join((head, *(finding.row() for finding in found)))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
