"""How often apps run, as told by whoever keeps runs. Runs stand above this package, so they register themselves.

Invariant: without a provider every page still shows, with a dash where a number would be.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class RunStatistics:
    """Runs of one app, seen from outside: when, how many, at what cost."""

    last_run_at: datetime | None
    runs_this_month: int
    cost_nano_dollars: int
    """Of this month, in billionths of a dollar."""


NEVER_RUN = RunStatistics(None, 0, 0)

Provider = Callable[[Collection[UUID]], Mapping[UUID, RunStatistics]]


def _none(_app_ids: Collection[UUID]) -> Mapping[UUID, RunStatistics]:
    return {}


_provider: Provider = _none


def use(provider: Provider) -> None:
    """Let `provider(app_ids)` tell the statistics; called once, when the process starts."""
    global _provider  # noqa: PLW0603 - the one switch of this module
    _provider = provider


def statistics(app_ids: Collection[UUID]) -> Mapping[UUID, RunStatistics]:
    """Return what is known about these apps; those never run are missing."""
    return _provider(app_ids) if app_ids else {}
