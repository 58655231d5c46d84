"""The promises of DESIGN §2 that the gate keeps, and gates that break them: each is found out by its own."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
from msgspec.structs import replace

from allotment.engine.asking import ChatDelta, ChatRequest, Message, Usage
from allotment.engine.gate import stages
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.ports import Demand, Release, Reservation
from allotment.engine.gate.stages import Authorised, ScreenedIn
from allotment.engine.gate.values import (
    DEFAULT_TREATMENTS,
    Answered,
    AskedModel,
    AskModel,
    Outcome,
    Passage,
    Refused,
)
from allotment.engine.principals import Decision
from allotment.engine.recording import Also, Entry, Recorder
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable
from allotment.screening.masking import Masking
from tests.engine.gate.probes import PROBES, SECOND, broken_promises
from tests.engine.gate.scene import Room


def test_the_gate_keeps_its_promises() -> None:
    assert {number for number, _ in PROBES} == {2, 3, 4, 5, 6, 7}
    assert broken_promises(Gate) == frozenset()


def true_gate(planted: Gate, **parts: Any) -> Gate:
    """Return the true gate around the parts of a planted one, some of them changed."""
    return Gate(**{part.name: getattr(planted, part.name) for part in fields(Gate)} | parts)


@dataclass(frozen=True)
class IgnoresTheWatch(Gate):
    def _identify(self, passage: Passage) -> Refused | None:
        return stages.identify(passage, clock.now())


@dataclass(frozen=True)
class AsksNobodysName(Gate):
    def _identify(self, passage: Passage) -> Refused | None:
        return stages.look(self.watch, passage)


@dataclass(frozen=True)
class SpendsWithoutLimit(Gate):
    async def _reserve(self, passage: Passage, effect: AskModel) -> Reservation | Refused:
        held = await super()._reserve(passage, effect)
        return Room(effect.model.id, Demand(0, 0)) if isinstance(held, Refused) else held


@dataclass(frozen=True)
class LetsBlockedWordsOut(Gate):
    def _screen_in(self, passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
        return super()._screen_in(replace(passage, treatments=DEFAULT_TREATMENTS), effect)


@dataclass(frozen=True)
class GoesOnWhenADetectorBreaks(Gate):
    def _screen_in(self, passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
        screened = super()._screen_in(passage, effect)
        if isinstance(screened, Refused) and screened.rule == "detector":
            return ScreenedIn(effect.messages, Masking(), {})
        return screened


@dataclass(frozen=True)
class RunsWhatNobodyStored(Gate):
    def _authorise(self, passage: Passage, effect: AskModel) -> Authorised | Refused:
        return super()._authorise(passage, effect) if passage.claims else Authorised(())


@dataclass(frozen=True)
class Losing:
    """A recorder that loses some details."""

    recorder: Recorder

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        details = {name: value for name, value in entry.details.items() if name != "app_version"}
        return await self.recorder.record(replace(entry, details=details), also, has_happened=has_happened)


@dataclass(frozen=True)
class ForgetsTheVersion(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        return await true_gate(self, recorder=Losing(self.recorder)).ask(passage, effect, release)


@dataclass(frozen=True)
class AllowsByDefault(Gate):
    def _authorise(self, passage: Passage, effect: AskModel) -> Authorised | Refused:
        decided = super()._authorise(passage, effect)
        return Authorised(()) if isinstance(decided, Refused) and passage.claims else decided


@dataclass(frozen=True)
class TakesDoubtForAYes(Gate):
    def _authorise(self, passage: Passage, effect: AskModel) -> Authorised | Refused:
        decided = super()._authorise(passage, effect)
        is_doubt = isinstance(decided, Refused) and decided.rule == "undecided"
        return Authorised(()) if is_doubt else decided


@dataclass(frozen=True)
class LooksAtTheFirstClaimOnly(Gate):
    def _authorise(self, passage: Passage, effect: AskModel) -> Authorised | Refused:
        return super()._authorise(replace(passage, claims=passage.claims[:1]), effect)


@dataclass(frozen=True)
class RemembersAYes(Gate):
    remembered: dict[Any, Authorised] = field(default_factory=dict)

    def _authorise(self, passage: Passage, effect: AskModel) -> Authorised | Refused:
        known = self.remembered.get(passage.app)
        if known is not None and passage.claims:
            return known
        decided = super()._authorise(passage, effect)
        if isinstance(decided, Authorised):
            self.remembered[passage.app] = decided
        return decided


@dataclass(frozen=True)
class Lenient:
    """Lets any model stand in."""

    authoriser: Any
    asked: AskedModel

    def decide(self, actor: Any, action: Any, resource: Any, context: Any) -> Decision:
        decided: Decision = self.authoriser.decide(actor, action, resource, context)
        is_other = resource.kind == "Model" and resource.id != self.asked.id
        return Decision(allowed=True, policies=(), reason="") if is_other else decided


@dataclass(frozen=True)
class LetsAnyModelStandIn(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        lenient = Lenient(self.authoriser, effect.model)
        return await true_gate(self, authoriser=lenient).ask(passage, effect, release)


@dataclass(frozen=True)
class AsksASecondOpinion(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        outcome = await super().ask(passage, effect, release)
        if isinstance(outcome, Answered) and not effect.fallbacks:
            provider = await self.directory.provider(SECOND)
            async for _ in provider.chat(ChatRequest(SECOND.name, (Message("user", "Is that so?"),))):
                pass
        return outcome


@dataclass(frozen=True)
class Tapped:
    """A directory whose providers are overheard; with `any_model`, one that also knows those that are off."""

    directory: Any
    heard: list[str] = field(default_factory=list)
    any_model: bool = False

    async def provider(self, model: AskedModel) -> Any:
        try:
            return Overheard(await self.directory.provider(model), self.heard)
        except Unavailable:
            if not self.any_model:
                raise
            return self.directory.voices[model.id]

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        cost: int = self.directory.cost_nanodollars(model, usage)
        return cost


@dataclass(frozen=True)
class Overheard:
    """A provider, and what it said."""

    provider: Any
    heard: list[str]

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        async with aclosing(self.provider.chat(request)) as deltas:
            async for delta in deltas:
                self.heard.append(delta.text)
                yield delta


@dataclass(frozen=True)
class AsksModelsThatAreOff(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        knowing = Tapped(self.directory, any_model=True)
        return await true_gate(self, directory=knowing).ask(passage, effect, release)


@dataclass(frozen=True)
class AnswersInTheModelsOwnWords(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        tapped = Tapped(self.directory)
        outcome = await true_gate(self, directory=tapped).ask(passage, effect, release)
        return replace(outcome, text="".join(tapped.heard)) if isinstance(outcome, Answered) else outcome


@dataclass(frozen=True)
class Generous:
    """A limiter that sets room aside and never counts what was used."""

    limiter: Any

    async def reserve(self, passage: Passage, model: AskedModel, demand: Demand) -> Any:
        held = await self.limiter.reserve(passage, model, demand)
        return Room(model.id, demand) if isinstance(held, Room) else held


@dataclass(frozen=True)
class ForgetsTheBill(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        return await true_gate(self, limiter=Generous(self.limiter)).ask(passage, effect, release)


@dataclass(frozen=True)
class SendsWhatWasWritten(Gate):
    def _screen_in(self, passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
        screened = super()._screen_in(passage, effect)
        return screened if isinstance(screened, Refused) else replace(screened, messages=effect.messages)


@dataclass(frozen=True)
class Chatty:
    """A recorder that writes down what was asked."""

    recorder: Recorder
    effect: AskModel

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        said = {"question": self.effect.messages[-1].content}
        return await self.recorder.record(
            replace(entry, details={**entry.details, **said}), also, has_happened=has_happened
        )


@dataclass(frozen=True)
class JournalsTheQuestion(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        return await true_gate(self, recorder=Chatty(self.recorder, effect)).ask(passage, effect, release)


@dataclass(frozen=True)
class Careless:
    """A recorder that loses entries of one outcome, and does not mind when it cannot write."""

    recorder: Recorder
    loses: str = ""
    minds: bool = True
    times: int = 1

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        if entry.outcome == self.loses:
            return 0
        try:
            for _ in range(self.times - 1):
                await self.recorder.record(entry, also, has_happened=has_happened)
            return await self.recorder.record(entry, also, has_happened=has_happened)
        except Unavailable:
            if self.minds:
                raise
            return 0


@dataclass(frozen=True)
class AnswersWithoutARecord(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        careless = Careless(self.recorder, minds=False)
        return await true_gate(self, recorder=careless).ask(passage, effect, release)


@dataclass(frozen=True)
class ReleasesFirst(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        careless = Careless(self.recorder, loses="allowed")
        return await true_gate(self, recorder=careless).ask(passage, effect, release)


@dataclass(frozen=True)
class HidesRefusals(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        careless = Careless(self.recorder, loses="refused")
        return await true_gate(self, recorder=careless).ask(passage, effect, release)


@dataclass(frozen=True)
class HidesWhatWasGivenUp(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        careless = Careless(self.recorder, loses="failed")
        return await true_gate(self, recorder=careless).ask(passage, effect, release)


@dataclass(frozen=True)
class WritesTwice(Gate):
    async def ask(self, passage: Passage, effect: AskModel, release: Release) -> Outcome:
        return await true_gate(self, recorder=Careless(self.recorder, times=2)).ask(passage, effect, release)


@pytest.mark.parametrize(
    ("planted", "promise"),
    [
        (IgnoresTheWatch, 2),
        (AsksNobodysName, 2),
        (SpendsWithoutLimit, 2),
        (ForgetsTheBill, 2),
        (LetsBlockedWordsOut, 2),
        (GoesOnWhenADetectorBreaks, 2),
        (RunsWhatNobodyStored, 3),
        (ForgetsTheVersion, 3),
        (AllowsByDefault, 4),
        (TakesDoubtForAYes, 4),
        (LooksAtTheFirstClaimOnly, 4),
        (RemembersAYes, 4),
        (LetsAnyModelStandIn, 5),
        (AsksASecondOpinion, 5),
        (AsksModelsThatAreOff, 5),
        (SendsWhatWasWritten, 6),
        (AnswersInTheModelsOwnWords, 6),
        (JournalsTheQuestion, 6),
        (AnswersWithoutARecord, 7),
        (ReleasesFirst, 7),
        (HidesRefusals, 7),
        (HidesWhatWasGivenUp, 7),
        (WritesTwice, 7),
    ],
)
def test_planted_gate_breaks_its_own_promise_and_no_other(planted: type[Gate], promise: int) -> None:
    assert broken_promises(planted) == {promise}
