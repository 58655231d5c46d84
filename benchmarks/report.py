"""The page that says what was measured: when, on what machine, under what load, and which bounds were held.

Invariant: “Every bound is held” stands there only when every part was measured, with every one of its bounds.
"""

from collections.abc import Mapping

from benchmarks import cores
from benchmarks.findings import table
from benchmarks.parts import PARTS, Part
from benchmarks.results import Result

Newest = Mapping[str, Result | None]
"""The newest result of every part, by name; None for one that was never measured."""
_HOW = f"""## How to repeat it

```sh
make bench                        # everything, about {sum(part.minutes for part in PARTS):.0f} minutes
make bench PARTS="calls memory"   # these parts only; the page keeps the newest of the others
python -m benchmarks --quick      # see that every part works; proves nothing
```

Other work on the machine while a part is measured makes its numbers larger, so each part waits for a quiet moment.
What each part takes on two cores, in minutes:
{", ".join(f"`{part.name}` {part.minutes:g}" for part in PARTS)}.
"""


def verdict(newest: Newest) -> str:
    """Return what became of all bounds, in one paragraph."""
    measured = [result for result in newest.values() if result is not None]
    missed = [finding.what for result in measured for finding in result.missed]
    open_ = [
        finding.what
        for result in measured
        for finding in result.measured.findings
        if finding.bound is not None and finding.measured is None
    ]
    never = [name for name, result in newest.items() if result is None]
    if not missed and not open_ and not never:
        return "Every bound is held."
    told = (("Missed", missed), ("Could not be measured", open_), ("Parts never measured", never))
    said = [f"{what}: {'; '.join(which)}." for what, which in told if which]
    return " ".join((*said, "Every other bound that was measured is held.")) if measured else said[0]


def page(newest: Newest) -> str:
    """Return the page."""
    sections = [_section(part, newest[part.name]) for part in PARTS]
    return "\n\n".join((_head(newest), *sections, _HOW))


def _head(newest: Newest) -> str:
    bounds = [
        finding
        for result in newest.values()
        if result is not None
        for finding in result.measured.findings
        if finding.bound is not None
    ]
    return f"""# Benchmarks

Written by `make bench` (`python -m benchmarks`); do not edit. {verdict(newest)}

{_machines(newest)}
- SQLite, one process. {_cores()}

## Must hold

{table(bounds)}"""


def _machines(newest: Newest) -> str:
    """Return a line for each machine and Python; all parts have the same unless somebody moved between them."""
    parts: dict[tuple[str, str], list[str]] = {}
    for name, result in newest.items():
        if result is not None:
            parts.setdefault((result.machine, result.python), []).append(name)
    lines = []
    for (machine, python), names in parts.items():
        which = f" ({', '.join(names)})" if len(parts) > 1 else ""
        lines.append(f"- {machine}; {python}{which}")
    return "\n".join(lines)


def _section(part: Part, result: Result | None) -> str:
    if result is None:
        return f"## {part.title}\n\nNever measured: `python -m benchmarks {part.name}`."
    measured = result.measured
    when = (
        f"Measured on {result.at:%d %B %Y, %H:%M} UTC, in {result.seconds / 60:.1f} minutes. Just before,"
        f" {result.idle:.0%} of the processor\nwas idle; the load average at the end was {result.load:.1f}."
    )
    tables = [table(measured.findings)] if measured.findings else []
    return "\n\n".join((f"## {part.title}", part.words, when, *tables, *measured.tables))


def _cores() -> str:
    if cores.IS_APART:
        return "Calls: the server on one core, the provider and the load on another."
    return "Calls: server, provider and load share the only core, so the server has less than one."
