"""Reads the budgets that are in force, as the limiter counts by them; plants those every installation begins with."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from allotment.engine.gate.budgets import Measure, Period, Rule, Rules, Scope
from allotment.engine.principals import Role
from allotment.journal.recording import note
from allotment.people import queries
from allotment.people.roles import role_name
from allotment.policies.budgets import objects
from allotment.policies.budgets.rules import BEGINNINGS, Beginning
from allotment.policies.budgets.trading import current_revision
from allotment.policies.models import Budget, BudgetRevision


def rules_in_force() -> Rules:
    """Return every budget at its revision, with the names its words need."""
    revision = current_revision()
    rows = list(Budget.objects.filter(ended_at=None))
    asked = _askable(row.ask_person_id for row in rows if row.ask_person_id)
    names = objects.names((Scope(row.scope), row.object) for row in rows if row.object)
    return Rules.of(revision, (_rule(row, names, asked) for row in rows))


def plant_first_budgets(beginnings: Iterable[Beginning] = BEGINNINGS) -> None:
    """Set the budgets an installation begins with, once: those somebody removed stay removed."""
    if current_revision():
        return
    try:
        with transaction.atomic():
            BudgetRevision.objects.create(id=1)
            for one in beginnings:
                row = Budget.objects.create(
                    scope=one.scope.value,
                    measure=one.measure.value,
                    period=one.period.value,
                    limit=one.limit,
                )
                note(
                    "budgets.set",
                    actor=None,
                    object_kind="budget",
                    object_id=str(row.id),
                    limit=str(one.limit),
                )
    except IntegrityError:  # another process was first
        return


def _askable(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return name and role of people who can still be asked."""
    return {
        person.id: f"{person.name} ({role_name(person.roles[-1]).lower()})" if person.roles else person.name
        for person in queries.people(sorted(set(ids)))
        if person.is_active
    }


def _rule(row: Budget, names: Mapping[tuple[Scope, str], str], asked: Mapping[UUID, str]) -> Rule:
    scope = Scope(row.scope)
    ask = asked.get(row.ask_person_id, "") if row.ask_person_id else ""
    if not ask and row.ask_role == Role.OFFICER:
        ask = gettext("an officer")
    return Rule(
        id=str(row.id),
        scope=scope,
        object=row.object,
        measure=Measure(row.measure),
        period=Period(row.period),
        limit=row.limit,
        object_name=names.get((scope, row.object), ""),
        ask=ask,
    )
