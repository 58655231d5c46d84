"""Limit: set aside what a call may take at most.

Invariant: room without money in it, for a model that nobody could reach to learn its price, says so. With such room the
model is not asked, even if it can be reached a moment later.
"""

from typing import Protocol

from msgspec import Struct

from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.defects import TROUBLE, words
from allotment.engine.gate.ports import Demand, Directory, Limiter, LimitReached, Reservation
from allotment.engine.gate.values import AskedModel, AskModel, Failed, Passage, Refused, Stage
from allotment.kernel.errors import AllotmentError, Unavailable


class Means(Protocol):
    """What it takes: who keeps the budgets, and who knows the prices."""

    @property
    def limiter(self) -> Limiter: ...

    @property
    def directory(self) -> Directory: ...


class Unreached(Struct, frozen=True):
    """Room for a call to a model that could not be reached: its price is not known, and no money is in it."""

    room: Reservation
    why: Failed


async def reserve(
    means: Means, passage: Passage, effect: AskModel, model: AskedModel
) -> Reservation | Unreached | Refused:
    """Set room aside for asking `model`. Budgets that cannot be read count as used up."""
    failed: Failed | None = None
    try:
        usage = at_most(effect, model)
        try:
            cost = means.directory.cost_nanodollars(model, usage)
        except Unavailable:
            failed = await _look_up(means.directory, model)
            cost = means.directory.cost_nanodollars(model, usage) if failed is None else 0
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
    return held if failed is None else Unreached(held, failed)


async def _look_up(directory: Directory, model: AskedModel) -> Failed | None:
    """Let the directory learn the price of a model nobody asked here yet; return why it cannot be reached."""
    try:
        await directory.provider(model)
    except AllotmentError as error:
        return Failed(error.message, error.hint, retryable=False)
    return None
