"""What to do after the gate said no to a row: mark the row, try it again, wait with all rows, or pause the batch.

Invariant: pure. What concerns one row marks that row only; what would meet every row alike never marks any.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allotment.engine.gate.values import Failed, Refused, Stage

LONGEST_WAIT = timedelta(seconds=150)
"""For a budget: one by the minute comes back sooner, one by the day later."""
LONGEST_TROUBLE_SECONDS = 900.0
"""Without a single answer for so long, a person should look at it."""
ALIKE_FAILURES = 20
"""As many rows in a row that end with the same words are no longer about the rows."""
_PAUSES = (2.0, 8.0, 30.0)
"""Before a row that failed for a passing reason is asked again."""
_MOMENT_SECONDS = 1.0
_MOST_WAITS = 5


@dataclass(frozen=True)
class MarkRow:
    """The row ends here; the others go on."""

    is_refused: bool
    message: str
    remedy: str


@dataclass(frozen=True)
class TryAgain:
    """This row alone, after a pause."""

    seconds: float


@dataclass(frozen=True)
class WaitAll:
    """No row is asked for so long; the page shows the words."""

    seconds: float
    words: str
    remedy: str


@dataclass(frozen=True)
class PauseBatch:
    """Going on makes no sense before somebody acted."""

    message: str
    remedy: str


Judgement = MarkRow | TryAgain | WaitAll | PauseBatch


@dataclass
class Patience:
    """How often one row was put off so far."""

    failures: int = 0
    waits: int = 0


def judge(outcome: Refused | Failed, patience: Patience, now: datetime) -> Judgement:
    """Return what follows from an outcome that is no answer."""
    if isinstance(outcome, Failed):
        return _failed(outcome, patience)
    waited = _wait(outcome, now)
    if waited is None:
        is_everybodys = outcome.stage in (Stage.IDENTIFY, Stage.AUTHORISE, Stage.LIMIT)
        return (
            PauseBatch(outcome.reason, outcome.remedy)
            if is_everybodys
            else MarkRow(is_refused=True, message=outcome.reason, remedy=outcome.remedy)
        )
    if outcome.stage is Stage.LIMIT and outcome.until is not None:
        patience.waits += 1
        if patience.waits > _MOST_WAITS:  # this one question needs more than the budget ever holds
            return MarkRow(is_refused=True, message=outcome.reason, remedy=outcome.remedy)
    return WaitAll(waited, outcome.reason, outcome.remedy)


def _failed(outcome: Failed, patience: Patience) -> Judgement:
    if outcome.retryable and patience.failures < len(_PAUSES):
        patience.failures += 1
        return TryAgain(max(_PAUSES[patience.failures - 1], outcome.retry_after_seconds or 0))
    return MarkRow(is_refused=False, message=outcome.reason, remedy=outcome.remedy)


def _wait(refused: Refused, now: datetime) -> float | None:
    """Return how long all rows wait; None when waiting does not help or takes too long."""
    if refused.stage is Stage.IDENTIFY:
        return None if refused.rule == "person" else _MOMENT_SECONDS
    if refused.stage is Stage.AUTHORISE:
        return _MOMENT_SECONDS if refused.flagged else None
    if refused.stage is Stage.LIMIT and refused.until is None:
        return _MOMENT_SECONDS  # too many at once, or budgets that cannot be read right now
    if refused.until is None:
        return None
    left = refused.until - now
    if refused.stage is Stage.LIMIT and left > LONGEST_WAIT:
        return None
    return max(_MOMENT_SECONDS, left.total_seconds())
