"""What the gate needs from the rest: implemented by features, given by the composition root."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from allotment.engine.actions import Action
from allotment.engine.asking import Provider, Usage
from allotment.engine.gate.values import AskedModel, Passage
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


@dataclass(frozen=True)
class LimitReached:
    """A limit said no: which, until when, and whom to ask."""

    rule: str
    reason: str
    remedy: str


class Reservation(Protocol):
    """Room set aside for one call."""

    def settle(self, usage: Usage, cost_nanodollars: int) -> None:
        """Replace the estimate by what was used."""
        ...

    def release(self) -> None:
        """Give the room back: nothing was used."""
        ...


class Limiter(Protocol):
    """Rate, concurrency and token limits."""

    def reserve(self, passage: Passage, tokens: int) -> Reservation | LimitReached:
        """Set room aside for an estimate of `tokens`, or say which limit is reached."""
        ...


class Directory(Protocol):
    """Finds the provider behind a model, and what it costs."""

    async def provider(self, model: AskedModel) -> Provider:
        """Return the connection; raises `Unavailable` with words when it is off."""
        ...

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        """Return the price in billionths of a dollar."""
        ...
