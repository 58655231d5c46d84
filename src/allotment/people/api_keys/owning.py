"""Which apps a person may make a key for. Apps live above people, so they tell us how to find them.

Invariant: until somebody does, nobody looks after any app.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from allotment.engine.principals import Actor
from allotment.engine.spec.app import DataClass


@dataclass(frozen=True)
class OwnedApp:
    """A published app whose owner or deputy a person is."""

    id: UUID
    title: str
    data_class: DataClass


FindApps = Callable[[Actor], tuple[OwnedApp, ...]]


def _none(_actor: Actor) -> tuple[OwnedApp, ...]:
    return ()


_find: FindApps = _none


def find_apps_with(find: FindApps) -> None:
    """Let `find` tell which apps a person looks after. Called from `AppConfig.ready` of the feature that knows."""
    global _find  # noqa: PLW0603 - the one switch of this module
    _find = find


def apps_of(actor: Actor) -> tuple[OwnedApp, ...]:
    """Return the published apps this person owns or is deputy of."""
    return _find(actor)
