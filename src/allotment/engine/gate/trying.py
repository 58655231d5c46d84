"""Trying one model: again where that is safe and can help, and not at all while its connection rests.

Invariant: nobody is given an answer twice: once something was passed on, nothing is tried again.
"""

import asyncio
from collections.abc import Callable

from allotment.engine.asking import ChatRequest, Provider
from allotment.engine.gate.breaker import Breakers, Permit, Resting
from allotment.engine.gate.performing import Overdue, Patience, Performed, pause_before_retry, perform
from allotment.engine.gate.releasing import Outlet, Withheld
from allotment.engine.gate.values import AskedModel, Failed, Refused, Stage
from allotment.kernel.errors import ProviderError


class Tries:
    """The tries of one call, with all its models, under one deadline. Make it on the event loop."""

    def __init__(self, breakers: Breakers, patience: Patience) -> None:
        self._breakers, self._patience = breakers, patience
        self._time = asyncio.get_running_loop().time
        self._deadline = self._time() + patience.deadline_seconds
        self.retries = 0
        self.outlet: Outlet | None = None
        """Of the newest try."""

    @property
    def are_over(self) -> bool:
        """Whether nothing more can be asked: time is up, or somebody already has a part of an answer."""
        has_passed_on = self.outlet is not None and self.outlet.has_passed_on
        return has_passed_on or self._time() >= self._deadline

    async def ask(
        self, model: AskedModel, provider: Provider, request: ChatRequest, way_out: Callable[[], Outlet]
    ) -> Performed | Refused | Failed:
        """Ask until it is answered or trying again makes no sense."""
        failed: Failed | None = None
        tried = 0
        while True:
            permit = self._breakers.enter(model.connection or model.id)
            if isinstance(permit, Resting):
                return failed or _resting(model, permit)
            tried += 1
            self.outlet = way_out()
            try:
                return await self._once(provider, request, self.outlet, permit)
            except Withheld as withheld:
                return withheld.refused
            except ProviderError as error:
                failed = Failed(
                    error.message,
                    error.hint,
                    error.retryable,
                    retry_after_seconds=error.retry_after_seconds,
                )
                pause = pause_before_retry(error, tried, self._patience)
            if pause is None or self.are_over or self._time() + pause >= self._deadline:
                return failed
            self.retries += 1
            await asyncio.sleep(pause)

    async def _once(
        self, provider: Provider, request: ChatRequest, outlet: Outlet, permit: Permit
    ) -> Performed:
        try:
            performed = await perform(provider, request, outlet.take, self._deadline)
        except ProviderError as error:
            if not (isinstance(error, Overdue) and outlet.received):
                permit.failed(error)  # a long answer, or a slow reader of it, is not the provider's fault
            raise
        else:
            permit.succeeded()
        finally:
            permit.close()
        return Performed(await outlet.finish(), performed.usage)


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
