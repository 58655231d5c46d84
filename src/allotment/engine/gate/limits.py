"""Rate, concurrency and token limits: estimate, reserve, settle.

Invariant: a reservation counts from the moment it is made, so parallel callers cannot all slip under a
limit together. Used from the gate's event loop only, so it needs no lock. Windows are sliding sums.
"""

from collections import deque
from dataclasses import dataclass, field
from uuid import UUID

from allotment.engine.asking import Usage
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.engine.gate.values import AskedModel, Passage
from allotment.kernel import clock

_MINUTE_SECONDS = 60.0
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class LimitRules:
    """What one person may use. Generous for people, tight for a runaway loop."""

    calls_per_minute: int = 60
    calls_at_once: int = 4
    tokens_per_day: int = 500_000


@dataclass
class _Spent:
    at: float
    tokens: int


@dataclass
class _Account:
    calls: deque[float] = field(default_factory=deque)
    tokens: deque[_Spent] = field(default_factory=deque)
    at_once: int = 0

    def forget(self, now: float) -> None:
        while self.calls and self.calls[0] <= now - _MINUTE_SECONDS:
            self.calls.popleft()
        while self.tokens and self.tokens[0].at <= now - _DAY_SECONDS:
            self.tokens.popleft()

    @property
    def tokens_used(self) -> int:
        return sum(spent.tokens for spent in self.tokens)


class _Held:
    """A reservation: settled or released exactly once."""

    def __init__(self, account: _Account, spent: _Spent) -> None:
        self._account, self._spent, self._is_open = account, spent, True

    @property
    def warnings(self) -> tuple[str, ...]:
        return ()

    def settle(self, usage: Usage, cost_nanodollars: int) -> None:  # noqa: ARG002 - money budgets read it later
        self._close(usage.tokens_in + usage.tokens_out)

    def release(self) -> None:
        self._close(0)

    def _close(self, tokens: int) -> None:
        if self._is_open:
            self._is_open = False
            self._spent.tokens = tokens
            self._account.at_once -= 1


class Limits:
    """Implements the `Limiter` port in memory, per person."""

    def __init__(self, rules: LimitRules | None = None) -> None:
        self.rules = rules or LimitRules()
        self._accounts: dict[UUID, _Account] = {}

    def remember(self, person: UUID, tokens: int, *, seconds_ago: float) -> None:
        """Count use from before this process started, read back from stored runs."""
        account = self._accounts.setdefault(person, _Account())
        account.tokens.append(_Spent(clock.monotonic() - seconds_ago, tokens))

    async def reserve(
        self,
        passage: Passage,
        model: AskedModel,  # noqa: ARG002 - these limits are the person's alone
        demand: Demand,
    ) -> _Held | LimitReached:
        """Set room aside for this passage's person."""
        if passage.actor is None:
            return LimitReached("person", "Nobody is named as the person behind this run.", "Sign in again.")
        account = self._accounts.setdefault(passage.actor.person, _Account())
        now = clock.monotonic()
        account.forget(now)
        refusal = self._refusal(account, demand.tokens)
        if refusal is not None:
            return refusal
        spent = _Spent(now, demand.tokens)
        account.calls.append(now)
        account.tokens.append(spent)
        account.at_once += 1
        return _Held(account, spent)

    def _refusal(self, account: _Account, tokens: int) -> LimitReached | None:
        rules = self.rules
        if account.at_once >= rules.calls_at_once:
            return LimitReached(
                "calls-at-once",
                f"{rules.calls_at_once} of your questions are being answered right now, which is the limit.",
                "Wait until one of them is done, then run this again.",
            )
        if len(account.calls) >= rules.calls_per_minute:
            return LimitReached(
                "calls-per-minute",
                f"You asked {rules.calls_per_minute} questions in the last minute, which is the limit.",
                "Wait a minute, then run this again.",
            )
        if account.tokens_used + tokens > rules.tokens_per_day:
            return LimitReached(
                "tokens-per-day",
                f"Your budget of {rules.tokens_per_day:,} tokens a day is used up.",
                "It frees up over the next 24 hours. An administrator can raise it.",
            )
        return None
