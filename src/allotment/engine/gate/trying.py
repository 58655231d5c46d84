"""Trying one model: again where that is safe and can help, and not at all while its connection rests.

Invariant: nobody is given an answer twice: once something was passed on, nothing is tried again. Every try has room of
its own in the budgets: what one took that failed is settled before the next begins.
"""

import asyncio
from typing import Protocol

from allotment.engine.asking import AnswerText, ChatRequest, Provider, Usage
from allotment.engine.gate.breaker import Breakers, Permit, Resting
from allotment.engine.gate.performing import Patience, Performed, pause_before_retry, perform
from allotment.engine.gate.releasing import Outlet, Withheld
from allotment.engine.gate.values import AskedModel, Failed, Refused, Stage
from allotment.kernel.deadlines import Deadline
from allotment.kernel.errors import ProviderError


class Room(Protocol):
    """The room that tries take place in: the call they belong to."""

    def begin(self) -> Outlet:
        """Begin a try; return the way out of its answer. What it takes is not known from now on."""
        ...

    def spent(self, error: ProviderError) -> None:
        """Settle what a try took that failed."""
        ...

    async def more(self) -> Refused | Failed | None:
        """Make room for one more try; return why there is none."""
        ...


class Tries:
    """The tries of one call, with all its models, under one deadline."""

    def __init__(self, breakers: Breakers, patience: Patience, deadline: Deadline) -> None:
        self._breakers, self._patience, self._deadline = breakers, patience, deadline
        self.retries = 0
        self.outlet: Outlet | None = None
        """Of the newest try."""
        self.counted: Usage | None = None
        """What the provider said that the newest try took."""

    @property
    def are_over(self) -> bool:
        """Whether nothing more may be asked: somebody already has a part of an answer."""
        return self.outlet is not None and self.outlet.has_passed_on

    async def ask(
        self, model: AskedModel, provider: Provider, request: ChatRequest, room: Room
    ) -> Performed | Refused | Failed:
        """Ask until it is answered or trying again makes no sense."""
        failed: Failed | None = None
        tried = 0
        while True:
            permit = self._breakers.enter(model.connection or model.id)
            if isinstance(permit, Resting):
                return failed or _resting(model, permit)
            tried += 1
            self.counted = None
            self.outlet = room.begin()
            try:
                return await self._once(provider, request, self.outlet, permit)
            except Withheld as withheld:
                return withheld.refused
            except ProviderError as error:
                room.spent(error)
                failed = Failed(
                    error.message,
                    error.hint,
                    error.retryable,
                    retry_after_seconds=error.retry_after_seconds,
                )
                pause = pause_before_retry(error, tried, self._patience)
            if pause is None or self.are_over or self._is_too_late(pause):
                return failed
            await asyncio.sleep(pause)
            trouble = await room.more()
            if trouble is not None:
                has_no_room = isinstance(trouble, Failed) or trouble.stage is Stage.LIMIT
                return failed if has_no_room else trouble
            self.retries += 1

    def _is_too_late(self, pause: float) -> bool:
        return asyncio.get_running_loop().time() + pause >= self._deadline.at

    async def _once(
        self, provider: Provider, request: ChatRequest, outlet: Outlet, permit: Permit
    ) -> Performed:
        try:
            performed = await perform(provider, request, outlet.take)
        except ProviderError as error:
            permit.failed(error)
            raise
        except asyncio.CancelledError:
            # A long answer, or a slow reader of it, is not the provider's fault. Of one that comes whole nobody can
            # tell: then whoever asks for long ones would keep everybody else out.
            if self._deadline.has_passed and not outlet.received and _comes_in_pieces(request):
                permit.failed(Overdue())
            raise
        else:
            permit.succeeded()
        finally:
            permit.close()
        self.counted = performed.usage
        return Performed(await outlet.finish(), performed.usage)


def _comes_in_pieces(request: ChatRequest) -> bool:
    return request.is_streamed and isinstance(request.answer, AnswerText)


class Overdue(ProviderError):
    """The deadline of the whole call passed."""

    def __init__(self) -> None:
        super().__init__(
            "The model did not finish in time.",
            hint="Run it again with a shorter text, or ask for another model.",
            retryable=True,
        )


def _resting(model: AskedModel, resting: Resting) -> Refused:
    until = f"{resting.until:%H:%M:%S} UTC"
    if resting.is_key_refused:
        reason = f"The provider of “{model.title}” refuses our key, so it is not asked again before {until}."
        remedy = "Tell an administrator: the key of this connection must be looked at."
    else:
        reason = (
            f"The provider of “{model.title}” failed several times, so it is not asked again before {until}."
        )
        remedy = "Run this again after that, or choose another model."
    return Refused(Stage.PERFORM, "resting", reason, remedy, until=resting.until)
