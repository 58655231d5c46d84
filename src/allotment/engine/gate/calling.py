"""One permitted call: perform, screen out, meter, record.

Invariant: a model that stands in is authorised and has its own room in the budgets before it is asked, and is asked
only while nothing of another's answer was passed on. Every try has its own room, which is settled or given back exactly
once; whatever a try took that reached a provider counts, however it ended, and where nobody knows, the most it can have
taken. So budgets are never passed by more than one call. A model for which no money could be set aside, since nobody
reached it to learn its price, is not asked. What is decided after a wait is decided from facts read anew.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from allotment.engine.asking import ChatRequest, Usage
from allotment.engine.gate import stages
from allotment.engine.gate.afresh import is_old
from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.breaker import Breakers
from allotment.engine.gate.performing import Patience, Performed, estimated
from allotment.engine.gate.ports import Authoriser, Directory, Limiter, Release, Reservation
from allotment.engine.gate.recording import Record
from allotment.engine.gate.releasing import Outlet
from allotment.engine.gate.reserving import Unreached, reserve
from allotment.engine.gate.stages import ScreenedIn
from allotment.engine.gate.trying import Overdue, Tries
from allotment.engine.gate.values import (
    Answered,
    AskedModel,
    AskModel,
    Failed,
    Outcome,
    Passage,
    Refused,
    Screened,
    Stage,
)
from allotment.engine.recording import Also, NotKept
from allotment.kernel import clock
from allotment.kernel.deadlines import Deadline, Deadlines
from allotment.kernel.errors import AllotmentError, ProviderError
from allotment.screening.findings import Detected

Found = Performed | Refused | Failed


class Parts(Protocol):
    """What of the gate a call needs."""

    @property
    def authoriser(self) -> Authoriser: ...

    @property
    def limiter(self) -> Limiter: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def breakers(self) -> Breakers: ...

    @property
    def patience(self) -> Patience: ...

    @property
    def deadlines(self) -> Deadlines: ...

    async def decide_again(self, passage: Passage, effect: AskModel) -> "Decided | Refused": ...


class Decided(Struct, frozen=True):
    """Permitted anew."""

    passage: Passage
    policies: tuple[str, ...]


class Call:
    """A call on its way. It owns the reservation: whoever makes a call closes it."""

    def __init__(
        self,
        parts: Parts,
        passage: Passage,
        effect: AskModel,
        record: Record,
        held: Reservation | Unreached,
    ) -> None:
        self._parts, self._effect = parts, effect
        self.passage = passage
        """The newest."""
        self._record = record
        self._hold(held)
        self._model = effect.model
        self._deadline = Deadline(parts.deadlines)
        self._tries = Tries(parts.breakers, parts.patience, self._deadline)
        self._screened: ScreenedIn
        self._release: Release | None = None
        self._request: ChatRequest
        self._is_asking = False
        """Whether a model is being asked, and what that takes is not settled yet."""
        self._usage: Usage | None = None
        self._cost = 0
        self._troubled: list[str] = []
        self._skipped: list[str] = []

    async def through(self, screened: ScreenedIn, release: Release, started: float) -> Outcome:
        """Ask the model, then those that may stand in for it, until one has answered."""
        for kind, count in screened.masked.items():
            self._record.details[f"masked {kind}"] = count
        self._screened = screened
        if stages.is_streamed(self._effect) and self.passage.keep is None:
            self._release = release
        found = await self._ask_in_time()
        self._note()
        if isinstance(found, Performed):
            return await self._finish(found, started)
        self._settle_broken_off()
        return await (
            self._record.refused(found) if isinstance(found, Refused) else self._record.failed(found)
        )

    def close(self) -> None:
        """Give the room back that was not used; count what an answer took that was broken off."""
        try:
            self._settle_broken_off()
        finally:
            self._held.release()

    async def decide_again(self) -> Refused | None:
        """Decide anew on the model that is asked now; return why it may not be asked any more."""
        decided = await self._parts.decide_again(self.passage, replace(self._effect, model=self._model))
        if isinstance(decided, Refused):
            return decided
        self.passage = self._record.passage = decided.passage
        self._record.policies = decided.policies
        return None

    async def _ask_in_time(self) -> Found:
        try:
            with self._deadline:
                found = await self._ask(self._effect.model)
                if self._effect.fallbacks and not self._is_final(found):
                    found = await self._ask_others(found)
                return found
        except TimeoutError:
            if not self._deadline.has_passed:
                raise
            overdue = Overdue()
            return Failed(overdue.message, overdue.hint, overdue.retryable)

    async def _ask(self, model: AskedModel) -> Found:
        self._model, self._record.model = model, model.id
        if self._unreached is not None:
            return self._unreached
        try:
            provider = await self._parts.directory.provider(model)
        except AllotmentError as error:
            return Failed(error.message, error.hint, retryable=False)
        effect = self._effect
        request = self._request = ChatRequest(
            model.name,
            self._screened.messages,
            effect.answer,
            stages.most_tokens(effect, model),
            effect.temperature,
            effect.seed,
            effect.is_streamed,
            self._question_key(model),
        )
        return await self._tries.ask(model, provider, request, self)

    def begin(self) -> Outlet:
        """Begin a try: see `trying.Room`."""
        self._is_asking = self._record.has_asked = True
        return Outlet(self._screened.masking, self._record.allowed, self._release)

    def spent(self, error: ProviderError) -> None:
        """Settle a try that failed, at what it took, or at the most it can have taken."""
        usage = None if error.took is None else Usage(*error.took)
        self._settle(self._as_far_as_known() if usage is None else usage)

    async def more(self) -> Refused | Failed | None:
        """Set room aside for one more try of the same model, which must still be permitted."""
        held = await reserve(self._parts, self.passage, self._effect, self._model)
        if isinstance(held, Refused):
            return held
        self._hold(held)
        if self._unreached is not None or not is_old(self.passage):
            return self._unreached
        return await self.decide_again()

    def _hold(self, held: Reservation | Unreached) -> None:
        """Own this room from now on."""
        self._held: Reservation
        self._unreached: Failed | None
        """Why the model of this room could not be reached, if so: no money is set aside, and it is not asked."""
        if isinstance(held, Unreached):
            self._held, self._unreached = held.room, held.why
        else:
            self._held, self._unreached = held, None

    def _question_key(self, model: AskedModel) -> str:
        """Return the name of this question to this model: another one asks for another answer.

        Names go to providers, so a model that stands in is in its name by a digest, not by the id we know it under.
        """
        key = self.passage.idempotency
        if not key or model is self._effect.model:
            return key
        return f"{key}:{hashlib.sha256(f'{key}:{model.id}'.encode()).hexdigest()[:16]}"

    def _is_final(self, found: Found) -> bool:
        if isinstance(found, Refused) and found.stage is Stage.SCREEN_OUT:
            return True
        return isinstance(found, Performed) or self._tries.are_over

    async def _ask_others(self, trouble: Found) -> Found:
        """Ask the models that may stand in; when none can, the first trouble is the one that counts."""
        self._troubled.append(self._model.id)
        for model in self._effect.fallbacks:
            if not await self._may_stand_in(model):
                self._skipped.append(model.id)
                continue
            found = await self._ask(model)
            if self._is_final(found):
                return found
            self._troubled.append(model.id)
        return trouble

    async def _may_stand_in(self, model: AskedModel) -> bool:
        """Authorise a fallback, and move the reservation to it: its price and its budgets are its own."""
        authorised = stages.authorise_model(self.passage, model, self._parts.authoriser)
        if isinstance(authorised, Refused):
            return False
        self._held.release()
        held = await reserve(self._parts, self.passage, self._effect, model)
        if isinstance(held, Refused):
            return False
        self._hold(held)
        self._model = model
        self._record.policies += authorised.policies
        return not is_old(self.passage) or await self.decide_again() is None

    def _note(self) -> None:
        """Note what else happened on the way, if anything did."""
        details = self._record.details
        if self._tries.retries:
            details["retries"] = self._tries.retries
        if self._troubled:
            details["asked"] = self._effect.model.id
            details["troubled"] = ", ".join(self._troubled)
        if self._skipped:
            details["skipped"] = ", ".join(self._skipped)

    async def _finish(self, performed: Performed, started: float) -> Outcome:
        screened, outlet = self._screened, self._tries.outlet
        withheld = outlet.withheld if outlet else {}
        usage = self._settle(performed.usage)
        seconds = clock.monotonic() - started
        self._record.details["withheld"] = sum(withheld.values())
        self._record.details["milliseconds"] = round(seconds * 1000)
        answered = Answered(
            text=performed.text,
            masking=screened.masking.to_values(),
            screened=Screened(screened.masked, withheld),
            usage=usage,
            cost_nanodollars=self._cost,
            seconds=seconds,
            entry=0,
            model=self._model,
            warnings=self._held.warnings,
        )
        try:
            entry = await self._record.done(
                flagged=Detected.SECRET.value in withheld, also=self._keeping(answered)
            )
        except NotKept as error:
            return await self._record.failed(Failed(error.message, error.hint, error.retryable))
        return replace(answered, entry=entry)

    def _keeping(self, answered: Answered) -> Also | None:
        """Return what writes the answer beside its entry, if somebody wants it kept there."""
        keep = self.passage.keep
        return None if keep is None else Also(_Keeping(keep.write), (keep.what, answered))

    def _settle(self, usage: Usage) -> Usage:
        """Meter: replace the estimate of a try by what it used, at its model's price; return what all of them used."""
        self._is_asking = False
        cost = self._parts.directory.cost_nanodollars(self._model, usage)
        self._held.settle(usage, cost)
        before = self._usage
        if before is not None:
            usage = Usage(
                before.tokens_in + usage.tokens_in,
                before.tokens_out + usage.tokens_out,
                before.estimated or usage.estimated,
            )
        self._usage = usage
        self._cost += cost
        details = self._record.details
        details["tokens_in"] = usage.tokens_in
        details["tokens_out"] = usage.tokens_out
        details["cost_nanodollars"] = self._cost
        if usage.estimated:
            details["estimated"] = True
        return usage

    def _settle_broken_off(self) -> None:
        """Settle a try that was given up: it was worked for."""
        if self._is_asking:
            self._settle(self._as_far_as_known())

    def _as_far_as_known(self) -> Usage:
        """Return what a try took that did not end well: what was said, how far it came, or the most it can take."""
        outlet, counted = self._tries.outlet, self._tries.counted
        if counted is not None:
            return counted
        if outlet is not None and outlet.received:
            return estimated(self._request, outlet.received)
        return at_most(self._effect, self._model)


class _Keeping(Struct, frozen=True):
    """Gives answers to whoever keeps them, with the tickets of their entries. Equal for those kept together."""

    write: Callable[[Sequence[tuple[Any, Answered]]], None]

    def __call__(self, kept: Sequence[tuple[tuple[Any, Answered], int]]) -> None:
        self.write([(what, replace(answered, entry=entry)) for (what, answered), entry in kept])
