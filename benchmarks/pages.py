"""How fast pages are in a large installation, and how much of them crosses the wire."""

import re
from dataclasses import dataclass

from benchmarks.browsing import Visitor, assets_of
from benchmarks.filling import Filled
from benchmarks.findings import Finding, percentile
from benchmarks.serving import Server

P95_MILLISECONDS = 100
KILOBYTES = 150
_REVIEW = re.compile(r'href="(/reviews/[0-9a-f-]{36}/)"')


@dataclass(frozen=True)
class Timed:
    """One page, requested many times."""

    name: str
    path: str
    status: int
    p50: float
    p95: float
    kilobytes: float
    """The page with its style and scripts, once (gzip)."""

    def row(self) -> str:
        """Return the line of the table."""
        if self.status != 200:
            return f"| {self.name} | – | – | – | not measured: status {self.status} |"
        verdicts = [
            f"p95 **{'missed' if self.p95 >= P95_MILLISECONDS else 'held'}**".replace("**held**", "held"),
            f"size **{'missed' if self.kilobytes >= KILOBYTES else 'held'}**".replace("**held**", "held"),
        ]
        return f"| {self.name} | {self.p50:.1f} | {self.p95:.1f} | {self.kilobytes:.0f} | {', '.join(verdicts)} |"


def measure(server: Server, filled: Filled, *, times: int) -> list[Timed]:
    """Request each main page `times` times, one after the other, over one connection."""
    visitor = Visitor.signed_in(server.port, filled.people[0], filled.password)
    return [_timed(visitor, name, path, times) for name, path in _pages(visitor, filled)]


def findings(timed: list[Timed]) -> list[Finding]:
    """Return the slowest and the largest page against their bounds."""
    shown = [page for page in timed if page.status == 200]
    slowest, largest = max(shown, key=lambda page: page.p95), max(shown, key=lambda page: page.kilobytes)
    return [
        Finding("Slowest page, p95", slowest.p95, "ms", P95_MILLISECONDS, slowest.name),
        Finding("Largest page transferred", largest.kilobytes, "kB", KILOBYTES, largest.name),
    ]


def table(timed: list[Timed]) -> str:
    """Return every page as a Markdown table."""
    head = "| page | p50 ms | p95 ms | kB | verdict |\n|---|---|---|---|---|"
    return "\n".join((head, *(page.row() for page in timed)))


def _pages(visitor: Visitor, filled: Filled) -> list[tuple[str, str]]:
    app = f"/apps/{filled.app}/"
    review = _REVIEW.search(visitor.get("/reviews/").text)
    return [
        ("home", "/"),
        ("apps", "/apps/"),
        ("apps, searched", "/apps/?search=report"),
        ("starters", "/starters/"),
        ("one starter", "/starters/reply-to-a-customer/"),
        ("about an app", f"{app}about/"),
        ("builder", f"{app}build/"),
        ("versions", f"{app}versions/"),
        ("settings of an app", f"{app}settings/"),
        ("run an app", app),
        ("one result", f"/runs/{filled.run}/"),
        ("past results of an app", f"{app}results/"),
        ("all results", "/runs/"),
        ("templates", "/templates/"),
        ("one template", "/templates/customer-reply/"),
        ("models", "/models/"),
        ("people", "/people/"),
        ("spaces", "/spaces/"),
        ("policies", "/policies/"),
        ("journal", "/journal/"),
        ("reviews", "/reviews/"),
        *([("one review", review[1])] if review else []),
        ("component gallery", "/gallery/"),
    ]


def _timed(visitor: Visitor, name: str, path: str, times: int) -> Timed:
    first = visitor.get(path)
    if first.status != 200:
        return Timed(name, path, first.status, 0, 0, 0)
    milliseconds = [visitor.get(path).milliseconds for _ in range(times)]
    size = first.transferred + sum(visitor.get(asset).transferred for asset in assets_of(first))
    return Timed(name, path, 200, percentile(milliseconds, 0.5), percentile(milliseconds, 0.95), size / 1000)
