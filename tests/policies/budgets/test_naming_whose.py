"""A refusal names the app or the space whose budget is used up, not just “each app”."""

import pytest

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.gate.ports import Demand
from allotment.people.models import Space
from allotment.policies.budgets import offering
from tests.engine.gate.calls import APP, model, passage
from tests.policies.budgets.conftest import with_budgets

pytestmark = pytest.mark.django_db(transaction=True)


async def _refused_twice(budgets, **changes):
    asked = passage(**changes)
    return [await budgets.reserve(asked, model(), Demand(100, 0)) for _ in range(2)]


def test_refusal_names_the_space(budget):
    space = Space.objects.create(name="Claims")
    budget(Measure.TOKENS, Period.DAY, 10, Scope.SPACE)
    seen = []

    async def ask(budgets):
        seen.extend(await _refused_twice(budgets, space=space.id))

    with_budgets(ask)
    assert all("Claims" in refused.reason for refused in seen)


def test_refusal_names_the_app_and_looks_its_name_up_once(budget, monkeypatch):
    budget(Measure.TOKENS, Period.DAY, 10, Scope.APP)
    looked = []

    def apps():
        looked.append(1)
        return ((str(APP), "Reply to a customer"),)

    monkeypatch.setitem(offering._offered, Scope.APP, apps)
    looked.clear()
    seen = []

    async def ask(budgets):
        looked.clear()
        seen.extend(await _refused_twice(budgets))

    with_budgets(ask)
    assert all("Reply to a customer" in refused.reason for refused in seen)
    assert len(looked) == 1
