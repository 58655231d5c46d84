"""Pure decisions about budgets: what can be counted over which period, what is there at first, what is near its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allotment.engine.gate.budgets import Measure, Period, Scope

NEAR_PERCENT = 80
NANO = 10**9

PERIODS: Mapping[Measure, tuple[Period, ...]] = {
    Measure.CALLS: (Period.MINUTE, Period.DAY, Period.MONTH),
    Measure.TOKENS: (Period.MINUTE, Period.DAY, Period.MONTH),
    Measure.MONEY: (Period.DAY, Period.MONTH),
    Measure.AT_ONCE: (Period.NONE,),
}


@dataclass(frozen=True)
class Beginning:
    """A budget every installation begins with."""

    scope: Scope
    measure: Measure
    period: Period
    limit: int


BEGINNINGS: Sequence[Beginning] = (
    Beginning(Scope.PERSON, Measure.CALLS, Period.MINUTE, 60),
    Beginning(Scope.PERSON, Measure.AT_ONCE, Period.NONE, 4),
    Beginning(Scope.PERSON, Measure.TOKENS, Period.DAY, 500_000),
    Beginning(Scope.PERSON, Measure.MONEY, Period.MONTH, 20 * NANO),
    Beginning(Scope.ORGANISATION, Measure.MONEY, Period.MONTH, 500 * NANO),
)


def is_nearly_used(used: int, limit: int) -> bool:
    """Whether at least 80 % are used. Nothing is not nearly used where nothing is allowed."""
    return limit > 0 and used * 100 >= limit * NEAR_PERCENT


def percent(used: int, limit: int) -> int:
    """Return how much is used, in whole per cent, never rounded up to what is not reached."""
    return 100 if limit <= 0 else used * 100 // limit
