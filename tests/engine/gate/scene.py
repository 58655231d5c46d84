"""The gate with parts that do as they are told: to say no, to break, to count."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
from msgspec.structs import replace

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerText, ChatDelta, ChatRequest, Message, Provider, Usage
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.ports import Demand, LimitReached, Release
from allotment.engine.gate.values import AskedModel, AskModel, Claim, Outcome, Passage, Refused
from allotment.engine.gate.watching import Watches
from allotment.engine.principals import Actor, Decision, Resource
from allotment.engine.recording import Also, Entry
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON, APP = UUID(int=1), UUID(int=2)
ANSWER = ("Your card is ", "on its way. ", "It comes tomorrow.")


def model(id_: str = "m") -> AskedModel:
    return AskedModel(id_, f"{id_}-name", f"{id_} title", Resource("Model", id_), 256, f"{id_}-connection")


def passage(**changes: Any) -> Passage:
    made = Passage(
        actor=Actor(PERSON, "Ada"),
        claims=(Claim(Action.RUN_APP, Resource("App", str(APP))),),
        data_class="internal",
        app=APP,
        version=1,
        space=None,
        run=UUID(int=3),
        step="reply",
        expires_at=NOW + timedelta(minutes=1),
    )
    return replace(made, **changes)


def question(text: str = "Where is my card?", **changes: Any) -> AskModel:
    made = AskModel(model(), "customer-reply@1", (Message("user", text),), AnswerText(), 200)
    return replace(made, **changes)


@dataclass
class Book:
    """Keeps entries, or refuses from the nth on. As the journal's writer, it never gives one back, and remembers what
    it owes."""

    entries: list[Entry] = field(default_factory=list)
    refuses_from: int | None = None
    owed: list[Entry] = field(default_factory=list)
    error: Exception = field(default_factory=lambda: Unavailable("The journal cannot be written."))

    async def record(self, entry: Entry, also: Also | None = None, *, has_happened: bool = False) -> int:
        if self.refuses_from is not None and len(self.entries) >= self.refuses_from:
            await asyncio.sleep(0)
            if has_happened:
                self.owed.append(entry)
            raise self.error
        ticket = len(self.entries) + 1
        if also is not None:
            also.write([(also.what, ticket)])
        self.entries.append(entry)
        await asyncio.sleep(0)
        return ticket

    @property
    def can_write(self) -> bool:
        return self.refuses_from is None or len(self.entries) < self.refuses_from

    @property
    def outcomes(self) -> list[str]:
        return [entry.outcome for entry in self.entries]

    @property
    def last(self) -> Entry:
        return self.entries[-1]


@dataclass
class Policy:
    """Allows everything but the actions and models it is told to refuse, cannot decide, or breaks at."""

    refused: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()
    breaks: Exception | None = None
    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def decide(self, actor, action, resource, context) -> Decision:
        self.asked.append((action.value, resource.id, context))
        if self.breaks is not None:
            raise self.breaks
        names = {action.value, resource.id}
        if names & self.undecided:
            return Decision(allowed=False, policies=(), reason="Who knows.", remedy="Ask.", is_undecided=True)
        if names & self.refused:
            return Decision(
                allowed=False, policies=("no",), reason="The rules say no.", remedy="Ask an officer."
            )
        return Decision(allowed=True, policies=("yes",), reason="The rules say yes.")


@dataclass
class Room:
    """A reservation that remembers how it ended."""

    model: str
    demand: Demand
    settled: list[tuple[Usage, int]] = field(default_factory=list)
    released: int = 0
    warnings: tuple[str, ...] = ()

    def settle(self, usage: Usage, cost_nanodollars: int) -> None:
        self.settled.append((usage, cost_nanodollars))

    def release(self) -> None:
        self.released += 1


@dataclass
class Purse:
    """A limiter without limits, unless it is told to refuse or break."""

    refused: frozenset[str] = frozenset()
    breaks: Exception | None = None
    rooms: list[Room] = field(default_factory=list)
    warnings: tuple[str, ...] = ()

    async def reserve(self, passage: Passage, model: AskedModel, demand: Demand) -> Room | LimitReached:
        await asyncio.sleep(0)
        if self.breaks is not None:
            raise self.breaks
        if model.id in self.refused:
            return LimitReached("month", "The budget is used up until 1 December.", "Ask Ada.", NOW)
        self.rooms.append(Room(model.id, demand, warnings=self.warnings))
        return self.rooms[-1]


@dataclass
class Voice:
    """A provider: fails as listed, call by call, then answers."""

    failures: list[Exception] = field(default_factory=list)
    answer: tuple[str, ...] = ANSWER
    breaks_off: Exception | None = None
    """Raised after the first piece."""
    hangs_after: int | None = None
    """Waits for ever after so many pieces."""
    requests: list[ChatRequest] = field(default_factory=list)
    closed: int = 0

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.requests.append(request)
        try:
            await asyncio.sleep(0)
            if self.failures:
                raise self.failures.pop(0)
            for position, piece in enumerate(self.answer):
                if self.hangs_after == position:
                    await asyncio.sleep(3600)
                yield ChatDelta(text=piece)
                if self.breaks_off is not None:
                    raise self.breaks_off
            if self.hangs_after == len(self.answer):
                await asyncio.sleep(3600)
            yield ChatDelta(finish="stop", usage=Usage(10, 5))
        finally:
            self.closed += 1

    async def models(self) -> tuple[str, ...]:
        return ("m",)


@dataclass
class Shelf:
    """A provider for each model, at a price of its own: the number of letters of its id."""

    voices: Mapping[str, Provider]
    off: frozenset[str] = frozenset()

    async def provider(self, model: AskedModel) -> Provider:
        if model.id in self.off:
            raise Unavailable("This model is off.", hint="Choose another.")
        return self.voices[model.id]

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        return (usage.tokens_in + usage.tokens_out) * len(model.id)


@dataclass
class Alarm:
    """A watch with trouble, or a broken one."""

    trouble_is: Refused | None = None
    breaks: Exception | None = None

    def trouble(self, passage: Passage) -> Refused | None:
        if self.breaks is not None:
            raise self.breaks
        return self.trouble_is


@dataclass
class Scene:
    """All parts of a gate, and what became of a question."""

    voice: Voice = field(default_factory=Voice)
    others: dict[str, Voice] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    policy: Policy = field(default_factory=Policy)
    purse: Purse = field(default_factory=Purse)
    off: frozenset[str] = frozenset()
    released: list[str] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    kind: type[Gate] = Gate

    def __post_init__(self) -> None:
        self.shelf = Shelf({"m": self.voice, **self.others}, self.off)
        given = {
            "authoriser": self.policy,
            "limiter": self.purse,
            "directory": self.shelf,
            "recorder": self.book,
            "watch": Watches(()),
            "patience": Patience(first_pause_seconds=0.0),
        }
        self.gate = self.kind(**{**given, **self.parts})

    @property
    def calls(self) -> int:
        """How often any provider was asked."""
        return sum(len(voice.requests) for voice in (self.voice, *self.others.values()))

    async def release(self, text: str) -> None:
        await asyncio.sleep(0)
        self.released.append(text)

    async def asked(
        self, effect: AskModel | None = None, on_behalf: Passage | None = None, release: Release | None = None
    ) -> Outcome:
        return await self.gate.ask(on_behalf or passage(), effect or question(), release or self.release)

    def ask(self, effect: AskModel | None = None, on_behalf: Passage | None = None) -> Outcome:
        """Ask on a loop of its own, at a time that stands still."""
        with clock.frozen(NOW):
            return anyio.run(self.asked, effect, on_behalf)


def refusal(outcome: Outcome) -> Refused:
    """Return the outcome, which must be a refusal with words."""
    assert isinstance(outcome, Refused), outcome
    assert outcome.reason
    assert outcome.remedy
    return outcome
