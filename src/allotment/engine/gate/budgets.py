"""Budgets as values: what is counted, for whom, over which period, and how much of it there may be.

Invariant: periods are calendar periods in UTC, so that every process counts in the same one. A budget named for one
object takes the place of the budget of its kind, for the same measure and period; without either, nothing is counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from allotment.engine.gate.values import AskedModel, Passage


class Scope(StrEnum):
    """What kind of thing a budget is for."""

    PERSON = "person"
    APP = "app"
    SPACE = "space"
    MODEL = "model"
    ORGANISATION = "organisation"


class Measure(StrEnum):
    """What a budget counts."""

    CALLS = "calls"
    TOKENS = "tokens"
    MONEY = "money"
    """In nano-dollars; counts only where the price of a model is known."""
    AT_ONCE = "at once"
    """Calls that are open at the same moment."""


class Period(StrEnum):
    """Over which time a budget counts."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    NONE = "none"
    """For calls at once, which have no period."""


EVERYTHING = "all"
"""The object of budgets of the organisation, of which there is one."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Meter:
    """One thing that is counted: tokens a day of one person."""

    scope: Scope
    object: str
    measure: Measure
    period: Period


@dataclass(frozen=True)
class Rule:
    """A budget as it is in force."""

    id: str
    scope: Scope
    object: str
    """The one object it is named for; empty for the budget of each object of its kind."""
    measure: Measure
    period: Period
    limit: int | None
    """0: nothing is allowed. None: as much as they like, although others of the kind are limited."""
    object_name: str = ""
    ask: str = ""
    """Whom to ask for more, in words; empty for an administrator."""


@dataclass(frozen=True, eq=False)
class Rules:
    """All budgets of an installation, at one revision."""

    revision: int
    by_object: Mapping[tuple[Scope, str], Mapping[tuple[Measure, Period], Rule]]

    @classmethod
    def of(cls, revision: int, rules: Iterable[Rule]) -> "Rules":
        """Sort rules by what they are for."""
        sorted_rules: dict[tuple[Scope, str], dict[tuple[Measure, Period], Rule]] = {}
        for rule in rules:
            sorted_rules.setdefault((rule.scope, rule.object), {})[rule.measure, rule.period] = rule
        return cls(revision, sorted_rules)

    def for_call(self, passage: Passage, model: AskedModel) -> tuple[tuple[Meter, Rule], ...]:
        """Return what a call counts against; nothing for what has no limit."""
        return tuple(
            pair for scope, object_ in objects_of(passage, model) for pair in self.of_object(scope, object_)
        )

    def of_object(self, scope: Scope, object_: str) -> tuple[tuple[Meter, Rule], ...]:
        """Return the meters of one object with the budget that holds for each."""
        of_kind, named = self.by_object.get((scope, ""), {}), self.by_object.get((scope, object_), {})
        return tuple(
            (Meter(scope, object_, measure, period), rule)
            for (measure, period), rule in {**of_kind, **named}.items()
            if rule.limit is not None
        )

    def of_meter(self, meter: Meter) -> Rule | None:
        """Return the budget that holds for a meter, or None when nothing limits it any more."""
        kept = (meter.measure, meter.period)
        rule = self.by_object.get((meter.scope, meter.object), {}).get(kept)
        rule = rule or self.by_object.get((meter.scope, ""), {}).get(kept)
        return None if rule is None or rule.limit is None else rule


NO_RULES = Rules.of(0, ())


def objects_of(passage: Passage, model: AskedModel) -> tuple[tuple[Scope, str], ...]:
    """Return everything whose budgets a call uses."""
    found = (
        (Scope.PERSON, passage.actor and passage.actor.person),
        (Scope.APP, passage.app),
        (Scope.SPACE, passage.space),
        (Scope.MODEL, model.id),
        (Scope.ORGANISATION, EVERYTHING),
    )
    return tuple((scope, str(object_)) for scope, object_ in found if object_ is not None)


@lru_cache(maxsize=64)
def window(period: Period, at: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the period that `at` lies in; the end is the beginning of the next."""
    minute = at.astimezone(UTC).replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    match period:
        case Period.MINUTE:
            return minute, minute + timedelta(minutes=1)
        case Period.DAY:
            return day, day + timedelta(days=1)
        case Period.MONTH:
            first = day.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1)
        case Period.NONE:
            return BEGINNING, END
