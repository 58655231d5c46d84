"""The limit stage across processes: each leases room from the common book, spends it in memory, and gives it back.

Invariant: a call passes only with room that the book granted to this process. Whoever waits for room waits together:
one trip to the database serves them all. Fails closed: without the database, and while a trip ends in a defect, nothing
new passes; trips go on, so that calls pass again after the first that succeeds. Lives on one event loop; the database
is only touched in a worker thread.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import anyio
from django.db import Error
from django.utils.translation import gettext

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.gate.defects import TROUBLE, words
from allotment.engine.gate.limits import Account, Amounts, Hold, Limits, Order, amounts_of
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.engine.gate.values import AskedModel, Passage
from allotment.kernel import clock
from allotment.kernel.ids import new_id
from allotment.policies.budgets import holding, objects, trading, wording
from allotment.policies.budgets.in_force import plant_first_budgets, rules_in_force
from allotment.policies.budgets.trading import Lost, Stale, Traded
from allotment.web.worker_threads import database_work

_TICK_SECONDS = 0.25
_PACE_SECONDS = 1.0
_UNSEEN_SECONDS = 10.0
"""Without word from the database for so long, nothing passes. Others free our slots only after longer."""
_PATIENCE_SECONDS = 8.0
_SLOT_SECONDS = 0.3
"""How long a call without patience waits for slots that other processes may hold unused; others look as often."""
_UNREACHABLE = "budgets-unreachable"
"""The rule that refuses while nobody knows what is left."""
_NAME_SECONDS = 60.0
"""How long the name of an app or a space is not looked up again for a refusal."""

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Waiting:
    accounts: tuple[Account, ...]
    amounts: Amounts
    done: "asyncio.Future[bool]"
    """True after a trip; False when it failed."""


class Budgets:
    """Implements `engine.gate.ports.Limiter`. Start it once per process, on the loop the gate runs on; stop it last."""

    def __init__(self) -> None:
        self._limits = Limits(self._warn, self._hurry)
        self._holder = new_id()
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._tending: asyncio.Task[None] | None = None
        self._seen_at = self._beaten_at = self._paced_at = 0.0
        self._trouble = ""
        self._names: dict[tuple[Scope, str], tuple[str, float]] = {}
        """Of apps and spaces whose budget was used up, and until when each is good."""

    async def start(self) -> None:
        """Plant the first budgets, read those in force, and begin to lease."""
        await self._in_thread(plant_first_budgets)
        await self._in_thread(lambda: holding.enter(self._holder))
        self._limits.adopt(await self._in_thread(rules_in_force))
        self._seen_at = self._beaten_at = clock.monotonic()
        self._tending = asyncio.create_task(self._tend(), name="budgets")

    async def stop(self) -> None:
        """Let the trip under way come home, then give all unused room back. From now on nothing passes."""
        tending, self._tending = self._tending, None
        if tending is None:
            return
        # A word, not a cancellation: the thread of a trip under way would commit it, and nobody would enter it here.
        self._wake.set()
        await tending
        _answer(self._waiting, is_done=False)
        self._limits.give_everything_back()
        self._say_once(await _trouble_with(self._give_back()))  # what cannot be given back counts as spent

    async def _give_back(self) -> None:
        await self._trip([])
        await self._in_thread(lambda: trading.forget(self._holder))

    async def reserve(self, passage: Passage, model: AskedModel, demand: Demand) -> Hold | LimitReached:
        """Set room aside in every budget that applies, or say which is used up.

        Who has patience also waits while the common book cannot be read: a locked database delays a run.
        """
        until = clock.monotonic() + passage.patience_seconds
        while True:
            found = await self._reserve(passage, model, demand)
            is_unread = isinstance(found, LimitReached) and found.rule == _UNREACHABLE
            if not is_unread or self._tending is None or clock.monotonic() >= until:
                return found
            await asyncio.sleep(_SLOT_SECONDS)

    async def _reserve(self, passage: Passage, model: AskedModel, demand: Demand) -> Hold | LimitReached:
        amounts = amounts_of(demand)
        deadline, slots_until = 0.0, clock.monotonic() + max(_SLOT_SECONDS, passage.patience_seconds)
        while True:
            at = clock.monotonic()
            if passage.actor is None or self._tending is None or at - self._seen_at > _UNSEEN_SECONDS:
                return _unknown()
            accounts = self._limits.plan(passage, model, clock.now())
            taken = self._limits.take(accounts, amounts, at)
            if isinstance(taken, Hold):
                return taken
            deadline = deadline or at + _PATIENCE_SECONDS
            if taken.full_until <= at:
                if at > deadline or not await self._more(accounts, amounts):
                    return _unknown()
            elif at < slots_until and _may_free(taken, passage):
                deadline = 0.0
                await asyncio.sleep(_SLOT_SECONDS)
            else:
                is_models = taken.meter.scope is Scope.MODEL
                name = model.title if is_models else await self._name_of(taken)
                return wording.refusal(taken, amounts[taken.index], clock.now(), name)

    async def _name_of(self, account: Account) -> str:
        """Return the name of the app or space an account is for; looked up seldom, for a program may ask on and on."""
        about = (account.meter.scope, account.meter.object)
        if about[0] not in (Scope.APP, Scope.SPACE):
            return ""
        name, until = self._names.get(about, ("", 0.0))
        if until < clock.monotonic():
            with suppress(Error):  # without the database, the budget is told without the name
                name = (await self._in_thread(lambda: objects.names([about])))[about]
                self._names[about] = (name, clock.monotonic() + _NAME_SECONDS)
        return name

    async def _more(self, accounts: tuple[Account, ...], amounts: Amounts) -> bool:
        """Wait for one trip to the common book; False when it failed."""
        waiting = _Waiting(accounts, amounts, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        try:
            return await asyncio.wait_for(waiting.done, _PATIENCE_SECONDS)
        except TimeoutError:
            return False
        finally:
            with suppress(ValueError):
                self._waiting.remove(waiting)

    async def _tend(self) -> None:
        """Make trips until the stop: at once for callers and debts, now and then for everything else."""
        while self._tending is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)
            self._wake.clear()
            waiting, self._waiting = self._waiting, []
            trouble = await _trouble_with(self._trip(waiting))  # the next tick tries again
            _answer(waiting, is_done=not trouble)
            self._say_once(await _trouble_with(self._do_chores()) or trouble)

    def _say_once(self, trouble: str) -> None:
        """Log a trouble when it begins, by its name alone: its text may repeat what somebody wrote."""
        if trouble and trouble != self._trouble:
            _log.error("budgets cannot be read, and nothing passes without them: %s", trouble)
        self._trouble = trouble

    async def _do_chores(self) -> None:
        at = clock.monotonic()
        if at - self._beaten_at >= holding.BEAT_SECONDS:
            is_known = await self._in_thread(lambda: holding.live_on(self._holder))
            self._beaten_at = at
            if not is_known:
                await self._begin_anew()
        if at - self._paced_at >= _PACE_SECONDS:
            self._paced_at = at
            self._limits.measure_pace()

    async def _trip(self, waiting: list[_Waiting]) -> None:
        """Bring every order of this moment to the common book; raises database errors."""
        self._limits.turn(clock.now())
        while True:
            wanted = [(one.accounts, one.amounts) for one in waiting if not one.done.done()]
            orders = self._limits.orders(wanted, clock.monotonic())
            if not orders:
                await self._see_changes()
                return
            traded = await self._trade(orders)
            if isinstance(traded, Traded):
                at = self._seen_at = clock.monotonic()
                for order, fill in zip(orders, traded.fills, strict=True):
                    self._limits.fill(order, fill, at)
                return
            if isinstance(traded, Stale):
                self._limits.adopt(await self._in_thread(rules_in_force))
                return  # callers look again which budgets apply to them
            await self._begin_anew()

    async def _trade(self, orders: list[Order]) -> Traded | Stale | Lost:
        revision = self._limits.rules.revision
        return await self._in_thread(lambda: trading.trade(orders, revision, self._holder))

    async def _see_changes(self) -> None:
        revision = await self._in_thread(trading.current_revision)
        if revision != self._limits.rules.revision:
            self._limits.adopt(await self._in_thread(rules_in_force))
        self._seen_at = clock.monotonic()

    async def _begin_anew(self) -> None:
        """Come back after the others took this process for dead and freed its slots."""
        holder = self._holder = new_id()
        await self._in_thread(lambda: holding.enter(holder))
        self._limits.forget_grants(Period.NONE)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        def with_database() -> Result:
            with database_work():
                return work()

        return await anyio.to_thread.run_sync(with_database, limiter=self._one_at_a_time)

    def _hurry(self) -> None:
        self._wake.set()

    @staticmethod
    def _warn(accounts: Sequence[Account]) -> tuple[str, ...]:
        return wording.warnings(accounts, clock.now())


async def _trouble_with(work: Awaitable[None]) -> str:
    """Do it, and name the trouble it ended in; empty when it ended well."""
    try:
        await work
    except (Error, *TROUBLE) as error:
        return words(error)
    return ""


def _may_free(full: Account, passage: Passage) -> bool:
    """Say whether waiting can help: others may give slots back, and the patient wait for those of this process."""
    if full.meter.measure is not Measure.AT_ONCE or not full.limit:
        return False
    return passage.patience_seconds > 0 or full.limit > full.holds


def _answer(waiting: list[_Waiting], *, is_done: bool) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_result(is_done)


def _unknown() -> LimitReached:
    return LimitReached(
        _UNREACHABLE,
        gettext("What is left of the budgets cannot be read right now, so nothing was asked."),
        gettext(
            "Try again in a moment. If it stays so, tell an administrator: the log of the server says why."
        ),
    )
