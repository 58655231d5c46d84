"""Drafting: from a sentence to a proposed app. The port, and the values that pass through it.

Invariant: a proposal is whole and valid when it leaves a drafter; who asked always gets one (never an empty page).
Strategies: `drafting_nearest` (the closest starter, filled in) and `drafting_model` (a connected model proposes).
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from allotment.engine.principals import Actor
from allotment.engine.spec.app import App
from allotment.microapps.starters import Starter

MOST_CHARACTERS = 1000
"""Longest need; longer ones are refused in words, never cut."""


@dataclass(frozen=True)
class Ranked:
    """A starter and how well it fits, from 0 (not at all) to 1."""

    starter: Starter
    score: float


@dataclass(frozen=True)
class Proposal:
    """A whole app for a need."""

    app: App
    how: Literal["starter", "model"]
    starter: str
    """The starter it was filled in from; empty when a model proposed it."""
    near: tuple[str, ...]
    """Names of other starters that come close, best first."""


class Drafter(Protocol):
    """One way to get from a sentence to an app."""

    def propose(self, need: str, actor: Actor) -> Proposal | None:
        """Return a valid app for `need`, or None when this strategy has nothing good to offer."""
        ...
