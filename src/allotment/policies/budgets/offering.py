"""Where features above say which of their objects a budget can be named for. Needs no tables, so apps may call it."""

from collections.abc import Callable, Sequence

from allotment.engine.gate.budgets import Scope

Choices = Callable[[], Sequence[tuple[str, str]]]
"""Returns id and name of everything that can be chosen now."""

_offered: dict[Scope, Choices] = {}


def offer(scope: Scope, choices: Choices) -> None:
    """Let budgets be set for what `choices` returns. Called from `AppConfig.ready`."""
    _offered[scope] = choices


def offered(scope: Scope) -> Choices | None:
    """Return how to find what a budget of this kind may be named for."""
    return _offered.get(scope)
