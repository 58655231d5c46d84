"""Limit: set aside what a call may take at most."""

from typing import Protocol

from allotment.engine.asking import Usage
from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.defects import TROUBLE, words
from allotment.engine.gate.ports import Demand, Directory, Limiter, LimitReached, Reservation
from allotment.engine.gate.values import AskedModel, AskModel, Passage, Refused, Stage
from allotment.kernel.errors import AllotmentError, Unavailable


class Means(Protocol):
    """What it takes: who keeps the budgets, and who knows the prices."""

    @property
    def limiter(self) -> Limiter: ...

    @property
    def directory(self) -> Directory: ...


async def reserve(
    means: Means, passage: Passage, effect: AskModel, model: AskedModel
) -> Reservation | Refused:
    """Set room aside for asking `model`. Budgets that cannot be read count as used up."""
    try:
        usage = at_most(effect, model)
        try:
            cost = means.directory.cost_nanodollars(model, usage)
        except Unavailable:
            cost = await _looked_up(means.directory, model, usage)
        demand = Demand(usage.tokens_in + usage.tokens_out, cost)
        held = await means.limiter.reserve(passage, model, demand)
    except TROUBLE as error:
        return Refused(
            Stage.LIMIT,
            "budgets unknown",
            "What is left of the budgets could not be found out, so nothing more is spent.",
            f"Try again in a moment, or tell an administrator. It ended with: {words(error)}.",
            flagged=True,
        )
    if isinstance(held, LimitReached):
        return Refused(Stage.LIMIT, held.rule, held.reason, held.remedy, until=held.until)
    return held


async def _looked_up(directory: Directory, model: AskedModel, usage: Usage) -> int:
    """Return the price of a model nobody asked here yet. One that cannot be reached is not asked, and costs nothing."""
    try:
        await directory.provider(model)
    except AllotmentError:
        return 0
    return directory.cost_nanodollars(model, usage)
