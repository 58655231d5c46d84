"""Whether memory stays flat over a million governed calls through the real server."""

from dataclasses import replace
from pathlib import Path

from benchmarks import cores
from benchmarks.chat import Question, answering, governed, prepared, streamed
from benchmarks.findings import Finding, Measured
from benchmarks.loading import load
from benchmarks.progress import say
from benchmarks.serving import resident_bytes

WORDS = """\
Calls of eight people, each with a key of their own, over 16 connections; in each another text to mask, every fourth
answered as a stream. What is kept for speed is full long before the middle, so what grows after it would grow on."""
_PEOPLE = 8
_LOOKS = 10
_LEVEL_MEGABYTES = 5.0
"""What the second half of the calls may add: what an allocator keeps for itself is no growth."""


def measure(folder: Path, *, calls: int) -> Measured:
    """Send `calls` and look at the server's memory after each tenth of them."""
    looks: list[tuple[int, float]] = []
    home = folder / "memory"
    with answering() as provider:
        questions = _mixed(prepared(home, provider, people=_PEOPLE))
        with governed(home, questions) as (way, process):
            for _ in range(_LOOKS):
                answered = looks[-1][0] if looks else 0
                plan = replace(way.plan(16, 0, calls=max(1, calls // _LOOKS)), first=answered)
                loaded = load(plan, cores.LOAD)
                if loaded.refused:
                    raise SystemExit(f"Calls were refused: {loaded.refusal}")
                answered += loaded.answered
                looks.append((answered, resident_bytes(process) / 1e6))
                say(f"{answered:,} calls, {looks[-1][1]:.0f} MB, {loaded.a_second:,.0f} calls/s")
    return Measured([second_half(looks)], [_table(looks)])


def _mixed(questions: list[Question]) -> list[Question]:
    """Return every question three times as it is and once as a stream."""
    return [*questions * 3, *(streamed(question) for question in questions)]


def second_half(looks: list[tuple[int, float]]) -> Finding:
    """Return how much memory grew between the middle and the end."""
    middle, end = looks[len(looks) // 2 - 1], looks[-1]
    bytes_a_call = (end[1] - middle[1]) * 1e6 / max(1, end[0] - middle[0])
    note = f"{middle[1]:.0f} MB after {middle[0]:,} calls, {end[1]:.0f} MB after {end[0]:,}"
    note += f"; {bytes_a_call:.1f} bytes a call"
    return Finding(
        "Memory that the second half of the calls added", end[1] - middle[1], "MB", _LEVEL_MEGABYTES, note
    )


def _table(looks: list[tuple[int, float]]) -> str:
    head = "| calls | resident MB |\n|---|---|"
    return "\n".join((head, *(f"| {calls:,} | {megabytes:.1f} |" for calls, megabytes in looks)))
