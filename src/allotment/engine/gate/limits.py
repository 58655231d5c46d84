"""The limit stage in memory: estimate, reserve, settle, out of room that this process has leased.

Invariant: an account never lets go of more than it was granted. All budgets a call counts against are reserved
together or not at all. What a call used beyond its estimate becomes a debt, which is booked before anything else.
Pure accounting on one event loop: it knows no database, takes no lock, and is told the time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from allotment.engine.asking import Usage
from allotment.engine.gate.budgets import BEGINNING, NO_RULES, Measure, Meter, Period, Rule, Rules, window
from allotment.engine.gate.ports import Demand
from allotment.engine.gate.values import AskedModel, Passage

FULL_SECONDS = 0.2
"""How long an account that could get no more says so without asking again."""
IDLE_SECONDS = 2.0
"""After this long without a call, unused room goes back."""
_SCARCE = 0.9
"""From this part of a limit on, unused room goes back at once: somebody else may be waiting for it."""
_SHARE = 100
"""At most this part of a limit is leased ahead."""
_PLANS = 20_000
_INDEX = {Measure.CALLS: 0, Measure.TOKENS: 1, Measure.MONEY: 2, Measure.AT_ONCE: 3}

Amounts = tuple[int, int, int, int]
"""Calls, tokens, nano-dollars, calls at once."""


class Account:
    """What this process holds of one budget of one object in one period."""

    __slots__ = (
        "back", "end", "full_until", "holds", "index", "limit", "meter", "open",
        "pace", "room", "rule", "start", "taken", "total", "used_at",
    )  # fmt: skip

    def __init__(self, meter: Meter, rule: Rule, now: datetime) -> None:
        self.meter, self.rule, self.limit = meter, rule, rule.limit or 0
        self.index = _INDEX[meter.measure]
        self.start, self.end = window(meter.period, now.replace(microsecond=0))
        self.room = 0
        """Granted and free; below zero it is a debt."""
        self.open = 0
        """Granted and set aside for calls that are under way."""
        self.back = 0
        """Granted, on its way back."""
        self.holds = 0
        """Calls under way."""
        self.total = 0
        """What all processes were granted, when this one asked last."""
        self.taken = self.pace = 0
        self.used_at = 0.0
        self.full_until = 0.0

    @property
    def used(self) -> int:
        """What everybody used or set aside, as far as this process knows."""
        return max(0, self.total - self.room - self.back)

    @property
    def is_scarce(self) -> bool:
        """Whether little is left."""
        return self.total >= self.limit * _SCARCE

    @property
    def is_at_rest(self) -> bool:
        """Whether it holds nothing and owes nothing."""
        return not (self.holds or self.room or self.back)

    def give_back(self) -> None:
        """Let go of free room."""
        if self.room > 0:
            self.back += self.room
            self.room = 0


@dataclass(frozen=True)
class Order:
    """What one account asks of the common book in one trip."""

    account: Account
    back: int
    """Room given back."""
    debt: int
    """Used beyond the estimates; booked whatever the limit says."""
    need: int
    """What callers are waiting for."""
    extra: int
    """What would be handy to have."""
    kept: int
    """What this process keeps of its grants before any new one: set aside or free."""


@dataclass(frozen=True)
class Fill:
    """The answer to an order."""

    granted: int
    total: int
    """Granted to all processes together, this grant included."""


class Hold:
    """A reservation: settled or released exactly once."""

    __slots__ = ("_accounts", "_amounts", "_is_open", "_limits")

    def __init__(self, limits: "Limits", accounts: tuple[Account, ...], amounts: Amounts) -> None:
        self._limits, self._accounts, self._amounts = limits, accounts, amounts
        self._is_open = True

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about budgets of which more than 80 % are used, as of now."""
        return self._limits.warn(self._accounts)

    def settle(self, usage: Usage, cost_nanodollars: int) -> None:
        """Replace the estimate by what was used."""
        self._close((1, usage.tokens_in + usage.tokens_out, cost_nanodollars, 0))

    def release(self) -> None:
        """Give the room back: nothing was used."""
        self._close((0, 0, 0, 0))

    def _close(self, used: Amounts) -> None:
        if self._is_open:
            self._is_open = False
            self._limits.close(self._accounts, self._amounts, used)


Warn = Callable[[Sequence[Account]], tuple[str, ...]]


def _no_warning(_: Sequence[Account]) -> tuple[str, ...]:
    return ()


class Limits:
    """Every account of this process."""

    def __init__(self, warn: Warn = _no_warning, hurry: Callable[[], None] = lambda: None) -> None:
        self.warn = warn
        self._hurry = hurry
        """Called when a debt was made, which the others should learn of soon."""
        self.rules = NO_RULES
        self._accounts: dict[Meter, Account] = {}
        self._past: set[Account] = set()
        """Accounts of periods that are over, and of budgets that were removed, until nothing is left in them."""
        self._plans: dict[tuple[object, ...], tuple[Account, ...]] = {}
        self._from = self._until = BEGINNING

    def plan(self, passage: Passage, model: AskedModel, now: datetime) -> tuple[Account, ...]:
        """Return the accounts a call counts against at this moment."""
        self.turn(now)
        actor = passage.actor
        key = (actor and actor.person, passage.app, passage.space, model.id)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            pairs = self.rules.for_call(passage, model)
            found = self._plans[key] = tuple(self._account(meter, rule, now) for meter, rule in pairs)
        return found

    def turn(self, now: datetime) -> None:
        """Put accounts of other periods aside; calls that are under way end in the period they began in."""
        if self._from <= now < self._until:
            return
        self._from, self._until = window(Period.MINUTE, now.replace(microsecond=0))
        self._plans.clear()
        for account in [one for one in self._accounts.values() if not one.start <= now < one.end]:
            self._past.add(self._accounts.pop(account.meter))

    def take(self, accounts: tuple[Account, ...], amounts: Amounts, at: float) -> Hold | Account:
        """Set room aside in every account, or return the first that has too little. `at` is the stopwatch's time."""
        for account in accounts:
            need = amounts[account.index]
            if need > account.room and need:
                return account
        for account in accounts:
            need = amounts[account.index]
            account.room -= need
            account.open += need
            account.taken += need
            account.holds += 1
            account.used_at = at
        return Hold(self, accounts, amounts)

    def close(self, accounts: tuple[Account, ...], reserved: Amounts, used: Amounts) -> None:
        """End what `take` began."""
        is_owing = False
        for account in accounts:
            index = account.index
            account.open -= reserved[index]
            account.room += reserved[index] - used[index]
            account.holds -= 1
            is_owing = is_owing or account.room < 0
        if is_owing:
            self._hurry()

    def adopt(self, rules: Rules) -> None:
        """Count by these budgets from now on. Free room goes back, since the old limits granted it."""
        self.rules = rules
        self._plans.clear()
        for account in list(self._accounts.values()):
            rule = rules.of_meter(account.meter)
            account.give_back()
            account.full_until = 0.0
            if rule is None:
                self._past.add(self._accounts.pop(account.meter))
            else:
                account.rule, account.limit = rule, rule.limit or 0

    def orders(self, waiting: Sequence[tuple[tuple[Account, ...], Amounts]], at: float) -> list[Order]:
        """Return what to ask of the common book: what callers wait for, debts, and room nobody uses."""
        needs: dict[Account, int] = {}
        for accounts, amounts in waiting:
            for account in accounts:
                needs[account] = needs.get(account, 0) + amounts[account.index]
        found = []
        for account in self._all():
            is_unused = at - account.used_at >= IDLE_SECONDS or account.is_scarce or account in self._past
            if account not in needs and is_unused:
                account.give_back()
            need = max(0, needs.get(account, 0) - max(0, account.room))
            if need or account.back or account.room < 0:
                found.append(_order(account, need))
        return found

    def fill(self, order: Order, fill: Fill, at: float) -> None:
        """Enter the answer to an order."""
        account = order.account
        account.room += fill.granted + order.debt
        account.back -= order.back
        account.total = fill.total
        account.full_until = at + FULL_SECONDS if fill.granted < order.need else 0.0

    def forget_grants(self, period: Period) -> None:
        """Begin anew where everything this process held was taken away: what is under way becomes a debt."""
        for account in self._all():
            if account.meter.period is period:
                account.room, account.back = -account.open, 0

    def measure_pace(self) -> None:
        """Remember what was taken since the last call of this, once a second; forget accounts at rest."""
        for account in self._all():
            account.pace, account.taken = account.taken, 0
        at_rest = [one for one in self._accounts.values() if one.is_at_rest and not one.pace]
        for account in at_rest:
            del self._accounts[account.meter]
        if at_rest:
            self._plans.clear()
        self._past = {account for account in self._past if not account.is_at_rest}

    def give_everything_back(self) -> None:
        """Let go of all free room."""
        for account in self._all():
            account.give_back()

    def _all(self) -> Iterator[Account]:
        yield from self._accounts.values()
        yield from self._past

    def _account(self, meter: Meter, rule: Rule, now: datetime) -> Account:
        account = self._accounts.get(meter)
        if account is None:
            account = self._accounts[meter] = Account(meter, rule, now)
        return account


def amounts_of(demand: Demand) -> Amounts:
    """Return what a call may take, in the order accounts know."""
    return 1, demand.tokens, demand.nanodollars, 1


def _order(account: Account, need: int) -> Order:
    """Ask ahead for what the last second took, less and less as the limit comes near."""
    left = max(0, account.limit - account.total)
    ahead = min(max(account.pace, account.taken), account.limit // _SHARE, left // 10)
    debt = max(0, -account.room)
    return Order(account, account.back, debt, need, ahead if need else 0, account.open + max(0, account.room))
