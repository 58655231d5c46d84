"""The gate's directory of models, on top of the snapshot.

Invariant: a model in the snapshot is found without a thread and without reading a row. Only one that was turned on
a moment ago, or that is off, is looked up in the tables. No price is guessed: a model without a known one is looked up
before room is set aside for it.
"""

from collections.abc import Callable

import anyio

from allotment.composition.snapshot.facts import Snapshot
from allotment.engine.asking import Provider, Usage
from allotment.engine.gate.values import AskedModel
from allotment.kernel.errors import Unavailable
from allotment.llms.pricing import Tariff, cost_nanodollars
from allotment.llms.providers import ReachableModel, reachable
from allotment.web.worker_threads import database_work


def _reach(model_id: str) -> ReachableModel:
    with database_work():
        return reachable(model_id)


class ModelDirectory:
    """Implements `engine.gate.ports.Directory`."""

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        self._current = current
        self._tariffs: dict[str, Tariff] = {}
        """Kept for answers of models that were turned off while they answered."""

    async def provider(self, model: AskedModel) -> Provider:
        """Return the connection behind a model; raises `Unavailable` with words when it is off."""
        known = self._current().models_by_id.get(model.id)
        found = await anyio.to_thread.run_sync(_reach, model.id) if known is None else known
        self._tariffs[model.id] = found.tariff
        return found.provider

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        """Return the price of an answer of this model; raises `Unavailable` for one that was never reached here."""
        known = self._current().models_by_id.get(model.id)
        tariff = self._tariffs.get(model.id) if known is None else known.tariff
        if tariff is None:
            raise Unavailable(
                f"What “{model.title}” costs is not known here yet.",
                hint="Try again in a moment. If it stays so, ask an administrator whether the model is on.",
            )
        return cost_nanodollars(tariff, usage)
