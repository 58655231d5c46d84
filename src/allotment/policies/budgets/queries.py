"""Reads of budgets and of what is used of them. Values out, in words that pages show as they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from allotment.engine.gate.budgets import EVERYTHING, Measure, Meter, Period, Rule, Rules, Scope, window
from allotment.engine.principals import Actor
from allotment.kernel import clock
from allotment.kernel.errors import NotFound
from allotment.people.queries import names
from allotment.policies.budgets import objects, wording
from allotment.policies.budgets.in_force import rules_in_force
from allotment.policies.budgets.rules import NEAR_PERCENT, percent
from allotment.policies.models import Budget, BudgetUse

MOST_BARS = 5
"""Shown of each budget before the rest is folded away."""

_Used = Mapping[Meter, int]


@dataclass(frozen=True)
class Bar:
    """How much one object has used of one budget in the present period."""

    budget: UUID
    scope: Scope
    whom: str
    size: str
    used: str
    limit: str
    percent: int
    until: str
    """Empty for calls at once."""
    ask: str

    @property
    def width(self) -> int:
        """How long the bar is drawn, of 100."""
        return min(100, self.percent)

    @property
    def state(self) -> str:
        """`over`, `near` or `fine`."""
        return "over" if self.percent >= 100 else "near" if self.percent >= NEAR_PERCENT else "fine"  # noqa: PLR2004


@dataclass(frozen=True)
class BudgetSummary:
    """A budget in force, with who uses most of it first."""

    id: UUID
    scope: Scope
    whom: str
    is_named: bool
    size: str
    ask: str
    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """How much of it is used by whom it leaves least, in per cent."""
        return self.bars[0].percent if self.bars else -1

    @property
    def shown(self) -> tuple[Bar, ...]:
        """The bars that matter most."""
        return self.bars[:MOST_BARS]

    @property
    def folded(self) -> tuple[Bar, ...]:
        """The others."""
        return self.bars[MOST_BARS:]


@dataclass(frozen=True)
class Change:
    """One row of a budget's history."""

    size: str
    reason: str
    by: str
    """Empty for what an installation begins with."""
    at: datetime
    is_removal: bool = False


@dataclass(frozen=True)
class Chosen:
    """What a budget is, for filling a form."""

    id: UUID
    scope: Scope
    object: str
    measure: Measure
    period: Period
    limit: int | None
    ask: str


def summaries(scope: Scope | None = None) -> tuple[BudgetSummary, ...]:
    """Return the budgets in force, those that are nearest to their limit first."""
    now = clock.now()
    rules = rules_in_force()
    used = _used_now(now)
    found_names = objects.names((meter.scope, meter.object) for meter in used)
    found = [
        _summary(rule, _meters(rule, rules, used), used, found_names, now)
        for of_object in rules.by_object.values()
        for rule in of_object.values()
        if scope is None or rule.scope is scope
    ]
    order = list(Scope)
    return tuple(sorted(found, key=lambda one: (-one.most, order.index(one.scope), one.is_named, one.size)))


def summary(budget_id: UUID) -> BudgetSummary:
    """Return one budget in force; raises `NotFound`."""
    found = next((one for one in summaries() if one.id == budget_id), None)
    if found is None:
        raise NotFound(
            gettext("This budget is not in force any more."), hint=gettext("Look at the list of budgets.")
        )
    return found


def bars_of(actor: Actor) -> tuple[Bar, ...]:
    """Return what a person may use and has used: on their own, in their spaces, and as part of the organisation."""
    now = clock.now()
    rules = rules_in_force()
    theirs = [(Scope.PERSON, str(actor.person))]
    theirs += [(Scope.SPACE, str(space)) for space in sorted(actor.spaces)]
    theirs.append((Scope.ORGANISATION, EVERYTHING))
    used = _used_now(now, Q(object__in=[object_ for _, object_ in theirs]))
    found_names = objects.names(one for one in theirs if one[0] is Scope.SPACE)
    found_names = {**found_names, theirs[0]: gettext("you")}
    return tuple(
        _bar(rule, meter, used.get(meter, 0), found_names.get((meter.scope, meter.object), ""), now)
        for scope, object_ in theirs
        for meter, rule in rules.of_object(scope, object_)
    )


def history(budget_id: UUID) -> tuple[Change, ...]:
    """Return how a budget came to be as it is, newest first."""
    row = _row(budget_id)
    rows = list(
        Budget.objects.filter(
            scope=row.scope, object=row.object, measure=row.measure, period=row.period
        ).order_by("-set_at", "-id")
    )
    people = names({id_ for one in rows for id_ in (one.set_by_id, one.ended_by_id) if id_})
    found = []
    for one in rows:
        by = people.get(one.ended_by_id, "") if one.ended_by_id else ""
        if one.ended_at and one.end_reason:
            found.append(Change("", one.end_reason, by, one.ended_at, is_removal=True))
        by = people.get(one.set_by_id, "") if one.set_by_id else ""
        found.append(Change(_size(one), one.reason, by, one.set_at))
    return tuple(found)


def chosen(budget_id: UUID) -> Chosen:
    """Return what a budget says; raises `NotFound`."""
    row = _row(budget_id)
    return Chosen(
        row.id,
        Scope(row.scope),
        row.object,
        Measure(row.measure),
        Period(row.period),
        row.limit,
        ask=str(row.ask_person_id or row.ask_role),
    )


def budget_names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return what budgets say, in force or not, by id."""
    rows = list(Budget.objects.filter(id__in=ids))
    found = objects.names((Scope(row.scope), row.object) for row in rows if row.object)
    return {
        row.id: f"{_size(row)}, {found.get((Scope(row.scope), row.object)) or wording.EACH[Scope(row.scope)]}"
        for row in rows
    }


def in_force_instead(scope: Scope, object_: str, measure: Measure, period: Period) -> str:
    """Say what is in force for an object by now; empty for no budget at all."""
    rules = rules_in_force()
    for key in (object_, ""):
        rule = rules.by_object.get((scope, key), {}).get((measure, period))
        if rule is not None:
            return wording.size(measure, period, rule.limit)
    return ""


def _row(budget_id: UUID) -> Budget:
    row = Budget.objects.filter(id=budget_id).first()
    if row is None:
        raise NotFound(gettext("There is no such budget."), hint=gettext("Look at the list of budgets."))
    return row


def _size(row: Budget) -> str:
    return wording.size(Measure(row.measure), Period(row.period), row.limit)


def _used_now(now: datetime, only: Q | None = None) -> _Used:
    """Return what is used in the periods that `now` lies in."""
    present = Q()
    for period in Period:
        present |= Q(period=period.value, start=window(period, now.replace(microsecond=0))[0])
    rows = BudgetUse.objects.filter(present) if only is None else BudgetUse.objects.filter(present, only)
    return {
        Meter(Scope(row.scope), row.object, Measure(row.measure), Period(row.period)): row.granted
        for row in rows
    }


def _meters(rule: Rule, rules: Rules, used: _Used) -> Iterable[Meter]:
    """Return whom a budget is for: the one it is named for, or all of its kind that used some of it."""
    if rule.object or rule.scope is Scope.ORGANISATION:
        return (Meter(rule.scope, rule.object or EVERYTHING, rule.measure, rule.period),)
    counted = (rule.scope, rule.measure, rule.period)
    return (
        meter
        for meter in used
        if (meter.scope, meter.measure, meter.period) == counted and rules.of_meter(meter) is rule
    )


def _summary(
    rule: Rule,
    meters: Iterable[Meter],
    used: _Used,
    found_names: Mapping[tuple[Scope, str], str],
    now: datetime,
) -> BudgetSummary:
    bars: Sequence[Bar] = ()
    if rule.limit is not None:
        bars = [
            _bar(rule, meter, used.get(meter, 0), found_names.get((meter.scope, meter.object), ""), now)
            for meter in meters
            if rule.object or meter.object == EVERYTHING or used.get(meter)
        ]
    return BudgetSummary(
        id=UUID(rule.id),
        scope=rule.scope,
        whom=wording.whom(rule),
        is_named=bool(rule.object),
        size=wording.size(rule.measure, rule.period, rule.limit),
        ask=wording.whom_to_ask(rule),
        bars=tuple(sorted(bars, key=lambda bar: (-bar.percent, bar.whom))),
    )


def _bar(rule: Rule, meter: Meter, used: int, name: str, now: datetime) -> Bar:
    limit = rule.limit or 0
    return Bar(
        budget=UUID(rule.id),
        scope=meter.scope,
        whom=wording.whom(rule, name),
        size=wording.size(rule.measure, rule.period, rule.limit),
        used=wording.plain(rule.measure, used),
        limit=wording.amount(rule.measure, limit),
        percent=percent(used, limit),
        until="" if rule.period is Period.NONE else wording.until(rule.period, now),
        ask=wording.whom_to_ask(rule),
    )
