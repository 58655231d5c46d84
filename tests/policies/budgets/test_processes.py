"""Three processes share one budget, on the database that tests run on: together they keep to it."""

import time

import pytest

from allotment.engine.asking import Usage
from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.gate.limits import Hold
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.policies.models import BudgetUse, SlotHolder
from tests.engine.gate.calls import model, passage
from tests.policies.budgets.conftest import end, results, start_caller, with_budgets

pytestmark = pytest.mark.django_db(transaction=True)


def three(**task):
    return results([start_caller(**task) for _ in range(3)])


def total(found, key):
    return sum(one[key] for one in found)


def most_at_once(found):
    edges = sorted(
        edge for one in found for began, ended in one["spans"] for edge in ((began, 1), (ended, -1))
    )
    at_once = highest = 0
    for _, step in edges:
        at_once += step
        highest = max(highest, at_once)
    return highest


def used(measure):
    return BudgetUse.objects.get(measure=measure.value).granted


def test_calls_never_pass_the_limit(budget):
    budget(Measure.CALLS, Period.DAY, 500)
    found = three()
    assert total(found, "passed") == 500 == used(Measure.CALLS)


def test_tokens_never_pass_the_limit_and_are_nearly_all_used(budget):
    budget(Measure.TOKENS, Period.DAY, 60_000, Scope.ORGANISATION)
    found = three()
    tokens = total(found, "tokens")
    assert tokens == used(Measure.TOKENS)
    assert 55_000 < tokens <= 60_000


def test_tokens_beyond_the_estimates_pass_the_limit_by_no_more_than_open_calls_took_too_much(budget):
    budget(Measure.TOKENS, Period.DAY, 60_000)
    found = three(callers=8, calls=60, estimate=95, uses=[20, 100])
    tokens = total(found, "tokens")
    assert tokens == used(Measure.TOKENS)
    assert tokens <= 60_000 + 3 * 8 * 5


def test_money_never_passes_the_limit(budget):
    budget(Measure.MONEY, Period.MONTH, 10**9, Scope.SPACE)
    found = three(money=10**6, calls=40)
    assert 0.9 * 10**9 < total(found, "money") <= 10**9
    assert total(found, "money") == used(Measure.MONEY)


def test_calls_at_once_never_pass_the_limit(budget):
    budget(Measure.AT_ONCE, Period.NONE, 5, Scope.MODEL)
    found = three(callers=12, calls=10)
    assert total(found, "passed") > 5
    assert 0 < most_at_once(found) <= 5
    assert used(Measure.AT_ONCE) == 0
    assert not SlotHolder.objects.exists()


def test_several_budgets_hold_together(budget):
    budget(Measure.CALLS, Period.DAY, 700)
    budget(Measure.TOKENS, Period.DAY, 50_000, Scope.APP)
    budget(Measure.AT_ONCE, Period.NONE, 20, Scope.ORGANISATION)
    found = three()
    assert total(found, "passed") <= 700
    assert total(found, "tokens") <= 50_000
    assert most_at_once(found) <= 20


def test_what_a_killed_process_held_counts_as_spent_but_its_slots_are_freed(budget):
    budget(Measure.TOKENS, Period.DAY, 1000)
    budget(Measure.AT_ONCE, Period.NONE, 3)
    killed = start_caller(hang=True, calls=3, estimate=200)
    try:
        assert killed.stdout.readline() == "holding\n"
    finally:
        end(killed)

    async def go_on(budgets):
        refused = await budgets.reserve(passage(), model(), Demand(200, 0))
        assert isinstance(refused, LimitReached)
        freed = time.monotonic() + 60
        while time.monotonic() < freed:
            held = await budgets.reserve(passage(), model(), Demand(200, 0))
            if isinstance(held, Hold):
                break
        held.settle(Usage(200, 0), 0)
        another = await budgets.reserve(passage(), model(), Demand(200, 0))
        another.settle(Usage(200, 0), 0)
        return await budgets.reserve(passage(), model(), Demand(200, 0))

    last = with_budgets(go_on)
    assert last.rule.startswith("budget:")
    assert used(Measure.TOKENS) == 1000
