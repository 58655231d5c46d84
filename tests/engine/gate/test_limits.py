"""Accounts in memory: what was leased is reserved together, settled, owed and given back."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as rule_of_machine

from allotment.engine.asking import Usage
from allotment.engine.gate.budgets import Measure, Period, Rule, Rules, Scope
from allotment.engine.gate.limits import Account, Fill, Hold, Limits, amounts_of
from allotment.engine.gate.ports import Demand
from tests.engine.gate.calls import model, passage

NOW = datetime(2026, 11, 23, 21, 0, 30, tzinfo=UTC)
A_CALL = amounts_of(Demand(100, 0))


def rule(measure=Measure.TOKENS, period=Period.DAY, limit=1000, scope=Scope.PERSON):
    return Rule(f"{scope}-{measure}-{period}", scope, "", measure, period, limit)


def limits_of(*rules, revision=1):
    limits = Limits()
    limits.adopt(Rules.of(revision, rules))
    return limits


class Book:
    """The common book, as a dictionary."""

    def __init__(self):
        self.granted = {}

    def serve(self, limits, waiting=(), at=1.0):
        for order in limits.orders(waiting, at):
            account = order.account
            key = (account.meter, account.start)
            now = self.granted.get(key, 0) + order.debt - order.back
            grant = min(max(order.need, order.extra), max(0, account.limit - now))
            self.granted[key] = now + grant
            limits.fill(order, Fill(grant, now + grant), at)


def reserve(limits, book, amounts=A_CALL, now=NOW, at=1.0):
    plan = limits.plan(passage(), model(), now)
    if isinstance(limits.take(plan, amounts, at), Account):
        book.serve(limits, [(plan, amounts)], at)
        return limits.take(plan, amounts, at)
    raise AssertionError("there was room that nobody leased")


def test_a_call_takes_what_was_leased_and_gives_the_difference_back():
    limits, book = limits_of(rule()), Book()
    held = reserve(limits, book)
    assert isinstance(held, Hold)
    held.settle(Usage(30, 10), 0)
    limits.give_everything_back()
    book.serve(limits)
    assert list(book.granted.values()) == [40]


def test_releasing_uses_nothing_and_counts_once():
    limits, book = limits_of(rule()), Book()
    held = reserve(limits, book)
    held.release()
    held.release()
    held.settle(Usage(50, 50), 0)
    limits.give_everything_back()
    book.serve(limits)
    assert list(book.granted.values()) == [0]


def test_one_budget_that_is_used_up_leaves_the_others_untouched():
    limits, book = limits_of(rule(), rule(Measure.CALLS, Period.MINUTE, 0)), Book()
    refused = reserve(limits, book)
    assert isinstance(refused, Account)
    assert refused.meter.measure is Measure.CALLS
    plan = limits.plan(passage(), model(), NOW)
    assert [account.open for account in plan] == [0, 0]


def test_use_beyond_the_estimate_is_owed_and_booked_before_anything_else():
    hurried = []
    limits, book = Limits(hurry=lambda: hurried.append(1)), Book()
    limits.adopt(Rules.of(1, [rule(limit=150)]))
    reserve(limits, book).settle(Usage(200, 0), 0)
    assert hurried == [1]
    book.serve(limits)
    assert list(book.granted.values()) == [200]
    assert isinstance(reserve(limits, book), Account)


def test_money_does_not_count_where_a_call_costs_nothing():
    limits, book = limits_of(rule(Measure.MONEY, Period.MONTH, 0), rule()), Book()
    assert isinstance(reserve(limits, book), Hold)
    assert isinstance(reserve(limits, book, amounts_of(Demand(1, 5))), Account)


def test_a_named_budget_takes_the_place_of_the_one_of_its_kind():
    named = Rule("named", Scope.APP, str(passage().app), Measure.TOKENS, Period.DAY, 5)
    rules = Rules.of(1, [rule(scope=Scope.APP), named, rule(Measure.CALLS, scope=Scope.APP)])
    limits = [found.limit for _, found in rules.for_call(passage(), model())]
    assert sorted(limits) == [5, 1000]


def test_a_named_budget_without_a_limit_frees_its_object():
    named = Rule("named", Scope.PERSON, str(passage().actor.person), Measure.TOKENS, Period.DAY, None)
    assert Rules.of(1, [rule(), named]).for_call(passage(), model()) == ()


def test_a_call_that_is_open_at_midnight_ends_in_the_day_it_began_in():
    limits, book = limits_of(rule(limit=100)), Book()
    held = reserve(limits, book)
    tomorrow = NOW + timedelta(hours=4)
    assert isinstance(reserve(limits, book, now=tomorrow), Hold)
    held.settle(Usage(120, 0), 0)
    book.serve(limits)
    by_day = {start.day: granted for (_, start), granted in book.granted.items()}
    assert by_day == {23: 120, 24: 100}


def test_a_clock_that_goes_back_counts_in_the_period_it_says():
    limits, book = limits_of(rule(limit=100)), Book()
    assert isinstance(reserve(limits, book), Hold)
    assert isinstance(reserve(limits, book, now=NOW - timedelta(days=1)), Hold)
    assert isinstance(reserve(limits, book), Account)


def test_room_nobody_uses_goes_back_after_two_seconds_and_at_once_when_little_is_left():
    limits, book = limits_of(rule(limit=100_000)), Book()
    reserve(limits, book, at=1.0).release()
    book.serve(limits, at=2.0)
    assert list(book.granted.values()) == [100]
    book.serve(limits, at=3.5)
    assert list(book.granted.values()) == [0]
    reserve(limits, book, amounts_of(Demand(95_000, 0)), at=4.0).release()
    book.serve(limits, at=4.1)
    assert list(book.granted.values()) == [0]


def test_busy_accounts_lease_ahead_and_less_as_the_limit_comes_near():
    limits = limits_of(rule(limit=100_000))
    plan = limits.plan(passage(), model(), NOW)
    (account,) = plan
    account.pace = 50_000
    account.total = 0
    assert [order.extra for order in limits.orders([(plan, A_CALL)], 1.0)] == [1000]
    account.total = 99_000
    assert [order.extra for order in limits.orders([(plan, A_CALL)], 1.0)] == [100]
    account.total = 100_000
    assert [order.extra for order in limits.orders([(plan, A_CALL)], 1.0)] == [0]


def test_a_lower_limit_takes_free_room_away_and_a_removed_one_counts_no_more():
    limits, book = limits_of(rule(limit=1000)), Book()
    reserve(limits, book).release()
    limits.adopt(Rules.of(2, [rule(limit=50)]))
    assert isinstance(reserve(limits, book), Account)
    limits.adopt(Rules.of(3, []))
    assert limits.plan(passage(), model(), NOW) == ()
    book.serve(limits)
    assert list(book.granted.values()) == [0]


def test_accounts_at_rest_are_forgotten():
    limits, book = limits_of(rule()), Book()
    reserve(limits, book).release()
    limits.give_everything_back()
    book.serve(limits)
    limits.measure_pace()
    limits.measure_pace()
    assert not limits._accounts
    assert not limits._past


PROCESS, NUMBER = st.integers(0, 2), st.integers(0, 300)


class ThreeProcesses(RuleBasedStateMachine):
    """However calls interleave, three processes never use more than the limit, and the book tells what they used."""

    @initialize(limit=st.integers(0, 1200))
    def begin(self, limit):
        self.limit, self.now, self.at = limit, NOW, 1.0
        self.book, self.used = Book(), Counter()
        self.processes = [limits_of(rule(limit=limit)) for _ in range(3)]
        self.open = [[], [], []]

    @rule_of_machine(index=PROCESS, tokens=NUMBER)
    def reserve(self, index, tokens):
        limits, amounts = self.processes[index], amounts_of(Demand(tokens, 0))
        plan = limits.plan(passage(), model(), self.now)
        taken = limits.take(plan, amounts, self.at)
        if isinstance(taken, Account):
            self.book.serve(limits, [(plan, amounts)], self.at)
            taken = limits.take(plan, amounts, self.at)
        if isinstance(taken, Hold):
            self.open[index].append((taken, tokens, self.now.day))

    @rule_of_machine(index=PROCESS, tokens=NUMBER, which=NUMBER)
    def settle(self, index, tokens, which):
        if self.open[index]:
            held, reserved, day = self.open[index].pop(which % len(self.open[index]))
            self.used[day] += min(tokens, reserved)
            held.settle(Usage(min(tokens, reserved), 0), 0)

    @rule_of_machine(index=PROCESS, which=NUMBER)
    def release(self, index, which):
        if self.open[index]:
            self.open[index].pop(which % len(self.open[index]))[0].release()

    @rule_of_machine(index=PROCESS)
    def tend(self, index):
        self.at += 1
        self.processes[index].measure_pace()
        self.book.serve(self.processes[index], at=self.at)

    @rule_of_machine(hours=st.integers(0, 5))
    def let_time_pass(self, hours):
        self.now += timedelta(hours=hours)

    @invariant()
    def nothing_passes_the_limit(self):
        assert all(tokens <= self.limit for tokens in self.used.values())
        assert all(granted <= self.limit for granted in self.book.granted.values())

    def teardown(self):
        for calls, limits in zip(self.open, self.processes, strict=True):
            for held, _, _ in calls:
                held.release()
            limits.give_everything_back()
            self.book.serve(limits)
        granted = Counter()
        for (_, start), number in self.book.granted.items():
            granted[start.day] += number
        assert +granted == +self.used


ThreeProcesses.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestThreeProcesses = ThreeProcesses.TestCase
