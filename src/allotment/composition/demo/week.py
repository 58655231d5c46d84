"""A week at Alder Savings: which runs there were, when and by whom. Pure, and the same at every call.

Invariant: the last five working days before today, between eight and half past five. Refuses: randomness.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from string import Template
from typing import Any

import yaml

from allotment.runs.planting import CutShort, PastModel, PastRun

RUNS_A_DAY = 60
_DAYS = 5
_FIRST_MINUTE, _MINUTES = 8 * 60, 9 * 60 + 20
_SATURDAY = 5

EXAMPLE_MODEL = PastModel(
    name="example-model",
    title="Example model (invented)",
    nanodollars_per_token_in=400,
    nanodollars_per_token_out=1600,
    milliseconds_per_token=9,
)
"""Says who answered in the invented week: nobody real, at the price of a small hosted model."""

_WRITERS = (
    {"name": "Elif Demir", "mail": "elif.demir@example.com", "phone": "+49 151 23456789"},
    {"name": "Jonas Weber", "mail": "j.weber@example.org", "phone": "+44 20 7946 0018"},
    {"name": "Fatou Ndiaye", "mail": "fatou.ndiaye@example.net", "phone": "+33 6 12 34 56 78"},
    {"name": "Wei Ling Chen", "mail": "weiling.chen@example.com", "phone": "+31 6 12345678"},
    {"name": "Sofia Rossi", "mail": "sofia.rossi@example.org", "phone": "+39 347 1234567"},
    {"name": "Anders Holm", "mail": "anders.holm@example.com", "phone": "+46 70 123 45 67"},
    {"name": "Grace O’Malley", "mail": "grace.omalley@example.net", "phone": "+353 85 123 4567"},
)
_ACCOUNTS = (
    "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19",
    "FR14 2004 1010 0505 0001 3M02 606",
)

_CUTS: Mapping[int, CutShort] = {
    19: CutShort(
        "failed",
        "The model did not begin to answer within 60 seconds.",
        "Run it again, or ask with another model.",
    ),
    23: CutShort(
        "refused",
        "You asked 30 questions in the last minute, which is the limit.",
        "Wait a minute, then run this again.",
    ),
    31: CutShort("cancelled"),
}
"""Every so manieth run ends early, and how."""


@dataclass(frozen=True)
class Happening:
    """One run of the week, before it is planted."""

    starter: str
    turn: int
    """Which run of the week it is; who runs it is taken in turns."""
    past: PastRun


def week(until: datetime) -> Iterator[Happening]:
    """Return the runs of the five working days before `until`, oldest first."""
    cases = _cases()
    turns = count()
    for day in _working_days(until):
        for place in range(RUNS_A_DAY):
            turn = next(turns)
            starter, case = cases[turn * 7 % len(cases)]
            # Steps of 37 scatter the seconds, so that a day does not look like a time table.
            at = day + timedelta(
                minutes=_FIRST_MINUTE + _MINUTES * place // RUNS_A_DAY, seconds=turn * 37 % 60
            )
            yield Happening(starter, turn, _past(case, turn, at))


def _working_days(until: datetime) -> Sequence[datetime]:
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    before = (midnight - timedelta(days=days) for days in range(1, 3 * _DAYS))
    working = [day for day in before if day.weekday() < _SATURDAY]
    return tuple(reversed(working[:_DAYS]))


def _past(case: Mapping[str, Mapping[str, str | int]], turn: int, at: datetime) -> PastRun:
    words = {
        **_WRITERS[turn % len(_WRITERS)],
        "iban": _ACCOUNTS[turn % len(_ACCOUNTS)],
        "number": f"AS-{20417 + turn * 3}",
    }
    cut = next((cut for every, cut in _CUTS.items() if turn % every == every - 1), None)
    answers = {step: _filled(answer, words) for step, answer in case["answers"].items()}
    return PastRun(at, {name: str(_filled(text, words)) for name, text in case["form"].items()}, answers, cut)


def _filled(text: str | int, words: Mapping[str, str]) -> str | int:
    return text if isinstance(text, int) else Template(text).substitute(words)


@cache
def _cases() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    read = yaml.safe_load(Path(__file__).with_name("week.yaml").read_text(encoding="utf-8"))
    return tuple((starter, case) for starter, cases in read.items() for case in cases)
