"""While the common book cannot be read, a program hears so at once, and a run waits as long as it has patience."""

import asyncio

import pytest
from django.db import OperationalError
from msgspec.structs import replace

from allotment.engine.gate.budgets import Measure, Period
from allotment.engine.gate.limits import Hold
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.policies.budgets import leasing, trading
from tests.engine.gate.calls import model, passage
from tests.policies.budgets.conftest import with_budgets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch, budget):
    """Make each trip fail until the returned function is called."""
    budget(Measure.TOKENS, Period.DAY, 1000)
    trade, is_locked = trading.trade, [True]

    def refuse(*wanted):
        if is_locked:
            raise OperationalError("database is locked")
        return trade(*wanted)

    monkeypatch.setattr(leasing.trading, "trade", refuse)
    monkeypatch.setattr(leasing, "_SLOT_SECONDS", 0.02)
    return is_locked.clear


async def _reserve(budgets, patience):
    return await budgets.reserve(replace(passage(), patience_seconds=patience), model(), Demand(100, 0))


def test_a_run_waits_until_the_book_can_be_read_again(locked):
    async def ask(budgets):
        asyncio.get_running_loop().call_later(0.3, locked)
        assert isinstance(await _reserve(budgets, patience=20.0), Hold)

    with_budgets(ask)


def test_a_run_without_patience_left_and_a_program_hear_that_it_cannot_be_read(locked):
    async def ask(budgets):
        for patience in (0.0, 0.2):
            found = await _reserve(budgets, patience)
            assert isinstance(found, LimitReached)
            assert found.rule == "budgets-unreachable"
        locked()

    with_budgets(ask)
