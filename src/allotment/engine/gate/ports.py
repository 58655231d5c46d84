"""What the gate needs from the rest: implemented by features, given by the composition root."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from allotment.engine.actions import Action
from allotment.engine.asking import Provider, Usage
from allotment.engine.gate.values import AskedModel, Passage, Refused
from allotment.engine.principals import Actor, AttributeValue, Decision, Resource

Release = Callable[[str], Awaitable[None]]
"""Called with each piece of text once it has passed the screens."""


class Authoriser(Protocol):
    """The one policy function."""

    def decide(
        self,
        actor: Actor | None,
        action: Action,
        resource: Resource,
        context: Mapping[str, AttributeValue],
    ) -> Decision:
        """Decide; any doubt is a refusal."""
        ...


class LimitReached(msgspec.Struct, frozen=True):
    """A limit said no: which, until when, and whom to ask."""

    rule: str
    reason: str
    remedy: str
    until: datetime | None = None


class Demand(msgspec.Struct, frozen=True):
    """What one call may take at most, as far as can be told before it."""

    tokens: int
    nanodollars: int


class Reservation(Protocol):
    """Room set aside for one call. Settled or released exactly once; what comes later is ignored."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about budgets of which more than 80 % are used."""
        ...

    def settle(self, usage: Usage, cost_nanodollars: int) -> None:
        """Replace the estimate by what was used."""
        ...

    def release(self) -> None:
        """Give the room back: nothing was used."""
        ...


class Limiter(Protocol):
    """Rate, concurrency, token and money budgets."""

    async def reserve(
        self, passage: Passage, model: AskedModel, demand: Demand
    ) -> Reservation | LimitReached:
        """Set room aside, or say which limit is reached. Waits only when this process must fetch more room."""
        ...


class Directory(Protocol):
    """Finds the provider behind a model, and what it costs."""

    async def provider(self, model: AskedModel) -> Provider:
        """Return the connection; raises `Unavailable` with words when it is off."""
        ...

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        """Return the price in billionths of a dollar; raises `Unavailable` where `provider` must look it up first."""
        ...


class Watch(Protocol):
    """Looks at what every decision rests on: the clock, and how fresh the facts of this process are."""

    def trouble(self, passage: Passage) -> Refused | None:
        """Return why this may not pass right now, or None."""
        ...
