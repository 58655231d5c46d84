"""Setting, changing and removing budgets: governed, recorded, and in force everywhere within a second.

Invariant: a change moves the revision in the same transaction, and every lease is checked against the revision.
Refuses measures over periods that make no sense, and changes without a reason.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext

from allotment.engine.actions import Action
from allotment.engine.gate.budgets import EVERYTHING, Measure, Period, Scope
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, NotFound
from allotment.policies.budgets.rules import PERIODS
from allotment.policies.deciding import require
from allotment.policies.models import Budget, BudgetRevision


@dataclass(frozen=True)
class NewBudget:
    """What somebody wants to be in force."""

    scope: Scope
    object: str
    """Empty for each object of the kind."""
    measure: Measure
    period: Period
    limit: int | None
    """None: as much as they like."""
    reason: str
    ask_person: UUID | None = None
    ask_role: str = ""


def set_budget(actor: Actor, new: NewBudget) -> UUID:
    """Put a budget in force, in place of the one that counts the same for the same; return its id."""
    require(actor, Action.SET_BUDGETS)
    _check(new)
    with transaction.atomic():
        before = (
            _in_force()
            .filter(
                scope=new.scope.value,
                object=_object(new),
                measure=new.measure.value,
                period=new.period.value,
            )
            .first()
        )
        if before is not None:
            _end(before, actor, "")
        row = Budget.objects.create(
            scope=new.scope.value,
            object=_object(new),
            measure=new.measure.value,
            period=new.period.value,
            limit=new.limit,
            reason=new.reason.strip(),
            ask_person_id=new.ask_person,
            ask_role=new.ask_role,
            set_by_id=actor.person,
        )
        _note("budgets.set", row, actor, before)
    return row.id


def remove_budget(actor: Actor, budget_id: UUID, reason: str) -> None:
    """Take a budget out of force; from now on the one of its kind holds, or none."""
    require(actor, Action.SET_BUDGETS)
    if not reason.strip():
        raise _without_reason()
    with transaction.atomic():
        row = _in_force().filter(id=budget_id).first()
        if row is None:
            raise NotFound(
                gettext("This budget is not in force any more."), hint=gettext("Look at the list of budgets.")
            )
        _end(row, actor, reason.strip())
        _note("budgets.remove", row, actor, None)


def _in_force() -> "QuerySet[Budget]":
    return Budget.objects.select_for_update(of=("self",)).filter(ended_at=None)


def _object(new: NewBudget) -> str:
    return "" if new.scope is Scope.ORGANISATION and new.object == EVERYTHING else new.object


def _check(new: NewBudget) -> None:
    if new.period not in PERIODS[new.measure]:
        raise Invalid(
            gettext("This cannot be counted over that period."),
            hint=gettext("Choose one of the offered kinds of budget."),
            where="what",
        )
    if new.limit is not None and new.limit < 0:
        raise Invalid(
            gettext("A budget cannot be below zero."), hint=gettext("0 allows nothing."), where="limit"
        )
    if not new.reason.strip():
        raise _without_reason()


def _without_reason() -> Invalid:
    return Invalid(
        gettext("The reason is missing."),
        hint=gettext("Say in a few words why, for those who look at it later."),
        where="reason",
    )


def _end(row: Budget, actor: Actor, reason: str) -> None:
    row.ended_at, row.ended_by_id, row.end_reason = clock.now(), actor.person, reason
    row.save(update_fields=("ended_at", "ended_by", "end_reason"))


def _note(action: str, row: Budget, actor: Actor, before: Budget | None) -> None:
    BudgetRevision.objects.get_or_create(id=1)
    BudgetRevision.objects.filter(id=1).update(number=F("number") + 1)
    note(
        action,
        actor=actor.person,
        object_kind="budget",
        object_id=str(row.id),
        scope=row.scope,
        of=row.object,
        measure=row.measure,
        period=row.period,
        limit=_told(row),
        before=_told(before),
    )


def _told(row: Budget | None) -> str:
    if row is None:
        return "none"
    return "unlimited" if row.limit is None else str(row.limit)
