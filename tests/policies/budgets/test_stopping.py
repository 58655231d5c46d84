"""A polite end in the middle of a trip to the common book: what the trip brings is entered once, as ever."""

import asyncio
import threading

import pytest

from allotment.engine.asking import Usage
from allotment.engine.gate.budgets import Measure, Period
from allotment.engine.gate.limits import Hold
from allotment.engine.gate.ports import LimitReached
from allotment.policies.budgets import trading
from allotment.policies.models import BudgetUse
from tests.policies.budgets.conftest import with_budgets
from tests.policies.budgets.test_leasing import reserve

pytestmark = pytest.mark.django_db(transaction=True)


class Road:
    """The way to the common book, which can be blocked."""

    def __init__(self, monkeypatch):
        self.is_free, self.is_waited_at = threading.Event(), threading.Event()
        self.is_free.set()
        trade = trading.trade

        def behind_others(*arguments):
            if not self.is_free.is_set():
                self.is_waited_at.set()
                assert self.is_free.wait(60)
            return trade(*arguments)

        monkeypatch.setattr(trading, "trade", behind_others)

    async def block(self, setting_out):
        """Block the road, and return once the trip that `setting_out` causes has come to the block."""
        self.is_free.clear()
        setting_out()
        assert await asyncio.to_thread(self.is_waited_at.wait, 60)


@pytest.fixture
def road(monkeypatch):
    return Road(monkeypatch)


async def stopped_under_way(budgets, road):
    """Stop while a trip waits on the road; let it on its way only after the stop has begun."""
    stopping = asyncio.create_task(budgets.stop())
    await asyncio.sleep(0.1)
    assert not stopping.done()
    road.is_free.set()
    await stopping


@pytest.mark.parametrize(("limit", "used"), [(1000, 150), (110, 20)], ids=["a debt", "room to give back"])
def test_what_a_trip_under_way_brings_is_booked_once(budget, road, limit, used):
    budget(Measure.TOKENS, Period.DAY, limit)

    async def use(budgets):
        held = await reserve(budgets, 100)
        await road.block(lambda: held.settle(Usage(used, 0), 0))
        await stopped_under_way(budgets, road)

    with_budgets(use)
    (row,) = BudgetUse.objects.all()
    assert row.granted == used


def test_whoever_waits_for_room_meanwhile_hears_that_nothing_passes(budget, road):
    budget(Measure.TOKENS, Period.DAY, 1000)

    async def use(budgets):
        held = await reserve(budgets, 100)
        assert isinstance(held, Hold)
        await road.block(lambda: held.settle(Usage(150, 0), 0))
        waiting = asyncio.create_task(reserve(budgets, 500))
        await stopped_under_way(budgets, road)
        return await waiting

    refused = with_budgets(use)
    assert isinstance(refused, LimitReached)
    assert refused.rule == "budgets-unreachable"
    assert BudgetUse.objects.get().granted == 150
