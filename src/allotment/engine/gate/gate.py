"""The gate itself: takes an effect through the stages and records what became of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from allotment.engine.actions import Action
from allotment.engine.asking import ChatRequest
from allotment.engine.gate import stages
from allotment.engine.gate.performing import Performed, perform
from allotment.engine.gate.ports import (
    Authoriser,
    Demand,
    Directory,
    Limiter,
    LimitReached,
    Release,
    Reservation,
)
from allotment.engine.gate.values import (
    Answered,
    AskModel,
    Failed,
    Outcome,
    Passage,
    Refused,
    Screened,
    Stage,
)
from allotment.engine.recording import Entry, Recorder, Scalar
from allotment.engine.recording import Outcome as Recorded
from allotment.kernel import clock
from allotment.kernel.errors import ProviderError
from allotment.screening.streaming import Release as HeldBack


@dataclass(frozen=True)
class Gate:
    """The one way out. Build one per process, in the composition root."""

    authoriser: Authoriser
    limiter: Limiter
    directory: Directory
    recorder: Recorder

    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        """Take a question to a model through all eight stages.

        `release` gets the answer piece by piece, each checked and restored first. Raises `Unavailable`
        when the outcome cannot be recorded: then nothing of it may be used.
        """
        started = clock.monotonic()
        refused = stages.identify(passage, clock.now())
        if refused is not None:
            return await self._refuse(passage, effect, refused, ())
        refused, policies = stages.authorise(passage, effect, self.authoriser)
        if refused is not None:
            return await self._refuse(passage, effect, refused, policies)
        demand = Demand(stages.estimate_tokens(effect), 0)
        held = await self.limiter.reserve(passage, effect.model, demand)
        if isinstance(held, LimitReached):
            refused = Refused(Stage.LIMIT, held.rule, held.reason, held.remedy)
            return await self._refuse(passage, effect, refused, policies)
        try:
            screened = stages.screen_in(passage, effect)
            if isinstance(screened, Refused):
                return await self._refuse(passage, effect, screened, policies)
            call = _Call(self, passage, effect, policies, screened, release)
            return await call.through(held, started)
        finally:
            held.release()

    async def _refuse(
        self, passage: Passage, effect: AskModel, refused: Refused, policies: tuple[str, ...]
    ) -> Refused:
        details = {"stage": refused.stage.value, "rule": refused.rule}
        entry = await self.record(passage, effect, "refused", policies, details)
        return replace(refused, entry=entry)

    async def record(
        self,
        passage: Passage,
        effect: AskModel,
        outcome: Recorded,
        policies: tuple[str, ...],
        details: Mapping[str, Scalar],
    ) -> int:
        """Write one journal entry about this effect and return its number."""
        return await self.recorder.record(
            Entry(
                at=clock.now(),
                action=Action.ASK_MODEL.value,
                outcome=outcome,
                actor=passage.actor.person if passage.actor else None,
                object_kind="model",
                object_id=effect.model.id,
                space=passage.space,
                app=passage.app,
                run=passage.run,
                policies=policies,
                details={
                    "step": passage.step,
                    "template": effect.template,
                    "app_version": passage.version,
                    **details,
                },
            )
        )


class _Call:
    """One permitted call: perform, screen out, meter, record."""

    def __init__(
        self,
        gate: Gate,
        passage: Passage,
        effect: AskModel,
        policies: tuple[str, ...],
        screened: stages.ScreenedIn,
        release: Release,
    ) -> None:
        self.gate, self.passage, self.effect = gate, passage, effect
        self.policies, self.screened, self.release = policies, screened, release
        self._held_back = HeldBack(screened.masking)
        self._checked: list[str] = []
        self._is_announced = False

    async def through(self, held: Reservation, started: float) -> Outcome:
        try:
            provider = await self.gate.directory.provider(self.effect.model)
            request = ChatRequest(
                model=self.effect.model.name,
                messages=self.screened.messages,
                answer=self.effect.answer,
                max_tokens=min(self.effect.max_tokens, self.effect.model.max_tokens),
            )
            performed = await perform(provider, request, self._pass_on)
        except ProviderError as error:
            entry = await self.gate.record(
                self.passage, self.effect, "failed", self.policies, {"reason": error.message[:200]}
            )
            return Failed(error.message, error.hint, error.retryable, entry)
        return await self._finish(performed, held, started)

    async def _pass_on(self, piece: str) -> None:
        if stages.is_streamed(self.effect):
            await self._let_out(self._held_back.push(piece))

    async def _let_out(self, text: str) -> None:
        """Release checked text, after the journal knows that this answer is on its way out."""
        if not text:
            return
        self._checked.append(text)
        if not self._is_announced:
            self._is_announced = True
            await self.gate.record(
                self.passage, self.effect, "allowed", self.policies, self._masked_details()
            )
        await self.release(text)

    async def _screen_out(self, performed: Performed) -> None:
        if stages.is_streamed(self.effect):
            await self._let_out(self._held_back.finish())
        else:  # a label or fields make sense only as a whole, so nothing of them was released yet
            self._checked = [self._held_back.push(performed.text), self._held_back.finish()]

    async def _finish(self, performed: Performed, held: Reservation, started: float) -> Answered:
        await self._screen_out(performed)
        cost = self.gate.directory.cost_nanodollars(self.effect.model, performed.usage)
        held.settle(performed.usage, cost)
        seconds = clock.monotonic() - started
        withheld = dict(Counter(finding.kind.value for finding in self._held_back.findings))
        details = {
            **self._masked_details(),
            "withheld": sum(withheld.values()),
            "tokens_in": performed.usage.tokens_in,
            "tokens_out": performed.usage.tokens_out,
            "cost_nanodollars": cost,
            "milliseconds": round(seconds * 1000),
        }
        entry = await self.gate.record(self.passage, self.effect, "done", self.policies, details)
        return Answered(
            text="".join(self._checked),
            masking=self.screened.masking.to_values(),
            screened=Screened(masked=self.screened.masked, withheld=withheld),
            usage=performed.usage,
            cost_nanodollars=cost,
            seconds=seconds,
            entry=entry,
            model=self.effect.model,
            warnings=held.warnings,
        )

    def _masked_details(self) -> dict[str, Scalar]:
        return {f"masked {kind}": count for kind, count in sorted(self.screened.masked.items())}
