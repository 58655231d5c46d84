"""Many callers on one event loop: they keep to the limit together, hear why not, and follow changes."""

import asyncio
import random
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from msgspec.structs import replace

from allotment.engine.asking import Usage
from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.gate.limits import Hold
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.journal.models import JournalEntry
from allotment.kernel import clock
from allotment.policies.budgets import holding, setting, trading
from allotment.policies.budgets.leasing import Budgets
from allotment.policies.budgets.setting import NewBudget
from allotment.policies.models import Budget, BudgetUse, HeldSlots, SlotHolder
from tests.engine.gate.calls import APP, model, passage
from tests.policies.budgets.conftest import in_thread, until, with_budgets

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 23, 19, 0, 30, tzinfo=UTC)
CHANCE = random.SystemRandom()


def reserve(budgets, tokens=100, money=0, *, patience=0.0, **changes):
    asked = replace(passage(**changes), patience_seconds=patience)
    return budgets.reserve(asked, model(), Demand(tokens, money))


async def settled(budgets, tokens=100, estimate=100, money=0):
    held = await reserve(budgets, estimate, money)
    assert isinstance(held, Hold), held
    held.settle(Usage(tokens, 0), money)


def granted():
    return {(row.measure, row.start.day): row.granted for row in BudgetUse.objects.all()}


def test_a_call_passes_and_what_it_used_is_booked(budget):
    budget(Measure.TOKENS, Period.DAY, 1000)
    with_budgets(lambda budgets: settled(budgets, tokens=70))
    (row,) = BudgetUse.objects.all()
    assert row.granted == 70


def test_sixty_four_parallel_callers_keep_to_every_limit(budget):
    budget(Measure.CALLS, Period.DAY, 300)
    budget(Measure.TOKENS, Period.DAY, 20_000, Scope.ORGANISATION)
    budget(Measure.AT_ONCE, Period.NONE, 10)
    seen = {"open": 0, "most": 0, "calls": 0, "tokens": 0}

    async def one(budgets):
        for _ in range(8):
            held = await reserve(budgets)
            if isinstance(held, LimitReached):
                continue
            seen["open"] += 1
            seen["most"] = max(seen["most"], seen["open"])
            await asyncio.sleep(CHANCE.uniform(0, 0.01))
            seen["open"] -= 1
            tokens = CHANCE.randint(20, 100)
            seen["calls"] += 1
            seen["tokens"] += tokens
            held.settle(Usage(tokens, 0), 0)

    async def all_of_them(budgets):
        async with asyncio.TaskGroup() as group:
            for _ in range(64):
                group.create_task(one(budgets))

    with_budgets(all_of_them)
    assert seen["most"] <= 10
    assert 0 < seen["calls"] <= 300
    assert 0 < seen["tokens"] <= 20_000
    rows = {row.measure: row.granted for row in BudgetUse.objects.all()}
    assert rows == {"calls": seen["calls"], "tokens": seen["tokens"], "at once": 0}


def test_many_waiting_callers_make_one_trip(budget, django_assert_max_num_queries):
    budget(Measure.CALLS, Period.DAY, 1000)
    trips = []

    async def all_of_them(budgets):
        trade = budgets._trade

        async def counted(orders):
            trips.append([order.need for order in orders])
            return await trade(orders)

        budgets._trade = counted
        for held in await asyncio.gather(*(reserve(budgets) for _ in range(64))):
            held.settle(Usage(1, 0), 0)

    with_budgets(all_of_them)
    assert trips[0] == [64]


def test_the_refusal_names_budget_use_end_and_whom_to_ask(budget, person):
    jonas = person(roles=("administrator",), name="Jonas Weber")
    row = budget(Measure.MONEY, Period.MONTH, 20 * 10**9)
    Budget.objects.filter(id=row.id).update(ask_person=jonas.id)

    async def use_it_up(budgets):
        await settled(budgets, money=20 * 10**9)
        return await reserve(budgets, money=10**6)

    with clock.frozen(AT):
        refused = with_budgets(use_it_up)
    assert refused.reason == "The budget of $20.00 a month for you is used up until 1 December."
    assert refused.remedy == "Ask Jonas Weber (administrator) to raise it."
    assert refused.until == datetime(2026, 12, 1, tzinfo=UTC)
    assert refused.rule == f"budget:{row.id}"


@pytest.mark.parametrize(
    ("measure", "period", "limit", "words"),
    [
        (
            Measure.TOKENS,
            Period.DAY,
            150,
            (
                "This may take up to 100 tokens, more than is left of the budget of 150 tokens a day for you "
                "until midnight UTC (in 4 hours): 100 tokens are used or set aside."
            ),
        ),
        (
            Measure.CALLS,
            Period.MINUTE,
            1,
            "The budget of 1 question a minute for you is used up until 19:01 UTC (in 30 seconds).",
        ),
        (Measure.TOKENS, Period.DAY, 0, "The budget for you allows nothing: 0 tokens a day."),
        (
            Measure.TOKENS,
            Period.DAY,
            99,
            "This may take up to 100 tokens, more than the budget of 99 tokens a day for you.",
        ),
        (
            Measure.AT_ONCE,
            Period.NONE,
            1,
            "The budget of 1 question at once for you is in use: that many are being answered right now.",
        ),
    ],
)
def test_each_kind_of_refusal_has_its_own_words(budget, measure, period, limit, words):
    budget(measure, period, limit)

    async def twice(budgets):
        await reserve(budgets)
        return await reserve(budgets)

    with clock.frozen(AT):
        assert with_budgets(twice).reason == words


def test_from_eighty_per_cent_on_calls_are_warned_and_the_journal_tells_it_once(budget):
    row = budget(Measure.TOKENS, Period.DAY, 1000)

    async def use_most_of_it(budgets):
        first = await reserve(budgets, 700)
        calm = first.warnings
        first.settle(Usage(700, 0), 0)
        for _ in range(3):
            held = await reserve(budgets, 60)
            held.settle(Usage(60, 0), 0)
        return calm, held.warnings

    with clock.frozen(AT):
        calm, warned = with_budgets(use_most_of_it)
    assert calm == ()
    assert warned == (
        (
            "You have used 88 % of your 1,000 tokens a day (880 tokens). "
            "The rest has to last until midnight UTC (in 4 hours)."
        ),
    )
    assert JournalEntry.objects.filter(action="budgets.warn", object_id=str(row.id)).count() == 1


def test_calls_open_at_midnight_count_for_the_day_they_began_in(budget):
    budget(Measure.TOKENS, Period.DAY, 100)

    async def over_midnight(budgets):
        with clock.frozen(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)):
            held = await reserve(budgets)
            assert isinstance(await reserve(budgets), LimitReached)
        with clock.frozen(datetime(2026, 11, 24, 0, 0, 1, tzinfo=UTC)):
            await settled(budgets, tokens=80)
            held.settle(Usage(90, 0), 0)
            await asyncio.sleep(0.6)

    with_budgets(over_midnight)
    assert granted() == {("tokens", 23): 90, ("tokens", 24): 80}


def change(somebody, limit):
    new = NewBudget(Scope.PERSON, "", Measure.TOKENS, Period.DAY, limit, "Because.")
    return in_thread(lambda: setting.set_budget(somebody.actor, new))


async def changed(budgets, making):
    """Make a change, and wait until it is in force here."""
    before = budgets._limits.rules.revision
    await making
    await until(lambda: budgets._limits.rules.revision != before)


def test_a_raised_limit_lets_calls_pass(budget, person):
    boss = person(roles=("administrator",))
    budget(Measure.TOKENS, Period.DAY, 100)

    async def raise_it(budgets):
        await settled(budgets)
        assert isinstance(await reserve(budgets), LimitReached)
        await changed(budgets, change(boss, 200))
        await settled(budgets)
        return await reserve(budgets)

    assert isinstance(with_budgets(raise_it), LimitReached)


def test_a_lowered_limit_stops_calls_and_what_was_used_stays_counted(budget, person):
    boss = person(roles=("administrator",))
    budget(Measure.TOKENS, Period.DAY, 100_000)

    async def lower_it(budgets):
        for _ in range(50):
            await settled(budgets)
        await changed(budgets, change(boss, 5_000))
        return await reserve(budgets)

    refused = with_budgets(lower_it)
    assert "5,000 tokens a day" in refused.reason


def test_a_removed_budget_limits_nobody(budget, person):
    boss = person(roles=("administrator",))
    row = budget(Measure.TOKENS, Period.DAY, 0)

    async def remove_it(budgets):
        assert isinstance(await reserve(budgets), LimitReached)
        await changed(budgets, in_thread(lambda: setting.remove_budget(boss.actor, row.id, "Not needed.")))
        await settled(budgets)

    with_budgets(remove_it)


def test_budgets_of_other_people_and_apps_are_their_own(budget):
    budget(Measure.CALLS, Period.DAY, 0, Scope.APP, str(APP))

    async def both(budgets):
        assert isinstance(await reserve(budgets), LimitReached)
        assert isinstance(await reserve(budgets, app=None), Hold)

    with_budgets(both)


def test_the_first_start_plants_budgets_and_the_second_does_not_bring_back_what_was_removed(person):
    boss = person(roles=("administrator",))
    with_budgets(settled)
    assert Budget.objects.count() == 5
    setting.remove_budget(boss.actor, Budget.objects.get(measure="calls").id, "Not here.")
    with_budgets(settled)
    assert Budget.objects.filter(ended_at=None).count() == 4


def test_before_the_start_and_after_the_end_nothing_passes(budget):
    async def too_early_and_too_late():
        budgets = Budgets()
        early = await reserve(budgets)
        await budgets.start()
        await budgets.stop()
        return early, await reserve(budgets)

    assert [one.rule for one in asyncio.run(too_early_and_too_late())] == ["budgets-unreachable"] * 2


@pytest.mark.sqlite
def test_a_locked_database_lets_nothing_pass_and_says_so(budget, monkeypatch):
    budget(Measure.TOKENS, Period.DAY, 1000)
    options = {**connection.settings_dict["OPTIONS"], "timeout": 0.1}
    options["init_command"] = "PRAGMA busy_timeout=100;"
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)

    async def locked(budgets):
        lock = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        refused = await reserve(budgets)
        lock.execute("ROLLBACK")
        lock.close()
        await settled(budgets)
        return refused

    refused = with_budgets(locked)
    assert refused.rule == "budgets-unreachable"
    assert "cannot be read right now" in refused.reason


def test_a_defect_lets_nothing_pass_while_it_lasts_and_then_calls_pass_again(budget, monkeypatch, caplog):
    budget(Measure.TOKENS, Period.DAY, 1000)
    trade = trading.trade

    def breaks(*_):
        raise KeyError("of Vera Planck")

    async def broken_for_a_while(budgets):
        monkeypatch.setattr(trading, "trade", breaks)
        refused = [await reserve(budgets), await reserve(budgets)]
        monkeypatch.setattr(trading, "trade", trade)
        await settled(budgets)
        return refused

    assert [one.rule for one in with_budgets(broken_for_a_while)] == ["budgets-unreachable"] * 2
    assert [entry.getMessage().split(": ")[1] for entry in caplog.records] == ["KeyError"]
    assert "Planck" not in caplog.text


def test_a_defect_in_the_beats_does_not_end_the_trips(budget, monkeypatch):
    budget(Measure.TOKENS, Period.DAY, 1000)

    def breaks(_):
        raise ValueError("the clock has no hands")

    async def without_beats(budgets):
        monkeypatch.setattr(holding, "live_on", breaks)
        monkeypatch.setattr(holding, "BEAT_SECONDS", 0)
        await asyncio.sleep(0.6)
        await settled(budgets)

    with_budgets(without_beats)


def test_a_defect_at_the_end_does_not_keep_a_process_from_stopping(budget, monkeypatch, caplog):
    budget(Measure.TOKENS, Period.DAY, 1000)

    def breaks(_):
        raise KeyError("of Vera Planck")

    monkeypatch.setattr(trading, "forget", breaks)
    with_budgets(settled)
    assert [entry.getMessage().split(": ")[1] for entry in caplog.records] == ["KeyError"]


def test_a_process_that_was_taken_for_dead_books_its_open_calls_again(budget):
    budget(Measure.AT_ONCE, Period.NONE, 2)

    def bury():
        trading.forget(SlotHolder.objects.get().id)

    async def come_back(budgets):
        held = await reserve(budgets)
        await in_thread(bury)
        second = await reserve(budgets)
        assert isinstance(await reserve(budgets), LimitReached)
        slots = await in_thread(lambda: list(HeldSlots.objects.values_list("slots", flat=True)))
        held.release()
        second.release()
        return slots

    assert with_budgets(come_back) == [2]
    assert BudgetUse.objects.get().granted == 0


def test_a_run_waits_for_its_turn_where_a_program_hears_at_once(budget):
    budget(Measure.AT_ONCE, Period.NONE, 1)

    async def wait(budgets):
        held = await reserve(budgets)
        assert isinstance(await reserve(budgets), LimitReached)
        asyncio.get_running_loop().call_later(0.5, held.release)
        waited = await reserve(budgets, patience=10.0)
        assert isinstance(waited, Hold)
        waited.release()

    with_budgets(wait)


def test_use_by_the_minute_is_forgotten_after_an_hour(budget):
    budget(Measure.CALLS, Period.MINUTE, 10)
    with clock.frozen(clock.now() - timedelta(hours=2)):
        with_budgets(settled)
    assert BudgetUse.objects.count() == 1

    async def wait(budgets):
        budgets._beaten_at = 0.0
        await until(lambda: budgets._beaten_at)

    with_budgets(wait)
    assert BudgetUse.objects.count() == 0
