"""How fast pages and the first event of a run are in a large installation, and how much of a page crosses the wire."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import first_event
from benchmarks.browsing import Visitor, assets_of
from benchmarks.filling import Filled, fill
from benchmarks.findings import Finding, Measured, percentile
from benchmarks.progress import say
from benchmarks.serving import Server, serving

WORDS = """\
Requested one after the other over one connection on loopback, by a person who holds every role, against the real server
of an installation with many apps and runs. The time is from sending the request to the last byte. kB is what crosses
the wire (gzip) for the page with its style and scripts, once."""
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


class HowMuch(Protocol):
    """How much is stored, and how often each page is requested."""

    @property
    def apps(self) -> int: ...

    @property
    def runs(self) -> int: ...

    @property
    def times(self) -> int: ...

    @property
    def events(self) -> int: ...


def measure(folder: Path, size: HowMuch) -> Measured:
    """Fill an installation, then request each main page and follow runs to their first event."""
    home = folder / "pages"
    say(f"storing {size.apps:,} apps and {size.runs:,} runs")
    filled = fill(home, apps=size.apps, runs=size.runs)
    with serving(home) as server:
        say(f"each page {size.times} times")
        timed = _all_timed(server, filled, times=size.times)
        say(f"{size.events} runs to their first event")
        events = first_event.measure(server, filled, times=size.events)
    stored = f"{size.times} requests of each page; {size.apps:,} apps and {size.runs:,} runs stored"
    return Measured([*findings(timed, stored), *events], [table(timed)])


def _all_timed(server: Server, filled: Filled, *, times: int) -> list[Timed]:
    visitor = Visitor.signed_in(server.port, filled.people[0], filled.password)
    return [_timed(visitor, name, path, times) for name, path in _pages(visitor, filled)]


def findings(timed: Sequence[Timed], stored: str) -> list[Finding]:
    """Return the slowest and the largest page against their bounds."""
    shown = [page for page in timed if page.status == 200]
    slowest, largest = max(shown, key=lambda page: page.p95), max(shown, key=lambda page: page.kilobytes)
    strange = [page for page in timed if page.status != 200]
    return [
        Finding(
            "Pages that did not open", len(strange), "pages", 1, ", ".join(page.name for page in strange)
        ),
        Finding("Slowest page, p95", slowest.p95, "ms", P95_MILLISECONDS, f"{slowest.name}; {stored}"),
        Finding("Largest page transferred", largest.kilobytes, "kB", KILOBYTES, largest.name),
    ]


def table(timed: Sequence[Timed]) -> str:
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
