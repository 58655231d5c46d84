"""The gate's directory of models, on top of `llms`."""

import anyio

from allotment.engine.asking import Provider, Usage
from allotment.engine.gate.values import AskedModel
from allotment.llms.pricing import Tariff, cost_nanodollars
from allotment.llms.providers import ReachableModel, reachable
from allotment.web.worker_threads import database_work


def _reach(model_id: str) -> ReachableModel:
    with database_work():
        return reachable(model_id)


class ModelDirectory:
    """Implements `engine.gate.ports.Directory`; reads rows in a worker thread, never on the event loop."""

    def __init__(self) -> None:
        self._tariffs: dict[str, Tariff] = {}

    async def provider(self, model: AskedModel) -> Provider:
        """Return the connection behind a model, as it is now."""
        found = await anyio.to_thread.run_sync(_reach, model.id)
        self._tariffs[model.id] = found.tariff
        return found.provider

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        """Return the price of an answer; nothing for a model that was never reached, so never asked."""
        tariff = self._tariffs.get(model.id)
        return 0 if tariff is None else cost_nanodollars(tariff, usage)
