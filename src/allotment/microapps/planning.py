"""Planning: from what somebody wants to know to a plan of a table.

A sentence that reads as a plan needs no model. For any other, a connected model may propose a plan in the published
schema; columns and kinds are checked here, and it may mend once what was wrong.
Invariant: whatever a model says, what comes back is a plan that fits the table, or nothing. The model gets the
sentence and the names of columns, never a cell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from allotment.engine.asking import Message
from allotment.engine.principals import Actor
from allotment.engine.tables.asking import Proposal, plan_from_sentence, plan_schema
from allotment.engine.tables.checking import check
from allotment.engine.tables.columns import Column
from allotment.engine.tables.plan import Plan
from allotment.kernel.errors import AllotmentError
from allotment.microapps.values import AppDetail

_TRIES = 2
_INSTRUCTIONS = (
    "You turn what a person wants to know about a table into a plan that a program computes. Use only the columns "
    "below, with exactly these names; a group names its new columns “count” or for example “sum of Amount”, and later "
    "operations use those. Ask for nothing that the person did not ask for. Answer only with JSON.\nColumns:\n"
)


@dataclass(frozen=True)
class Planned:
    """A plan that fits its table."""

    plan: Plan
    is_of_model: bool = False
    """Whether a model proposed it, so that a person should look at it."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to know, about which table."""

    words: str
    columns: tuple[Column, ...]
    values: Mapping[str, Sequence[str]]
    """Some texts that columns hold, so that “only open tickets” finds its column."""


@dataclass(frozen=True)
class Asker:
    """Who wants to know, for which app."""

    maker: Actor
    app: AppDetail
    data_class: str
    """Of the working copy: the model must be allowed to see it."""


Ask = Callable[[Asker, Sequence[Message], Mapping[str, Any]], Mapping[str, Any] | None]
"""Asks the connected model for an object that fits a schema; None when none is able to."""

_ask: Ask | None = None


def use(ask: Ask | None) -> None:
    """Ask a model by `ask` from now on; called when the process starts, and with None when it ends."""
    global _ask  # noqa: PLW0603 - the one switch of this module
    _ask = ask


def plan_for(wish: Wish, asker: Asker | None) -> Planned | None:
    """Return the plan that is wished for; None when neither reading nor a model makes one that fits.

    Without an `asker`, no model is asked.
    """
    read = plan_from_sentence(wish.words, wish.columns, wish.values)
    if read is not None:
        return Planned(read)
    if asker is None or _ask is None:
        return None
    try:
        return _proposed(_ask, wish, asker)
    except AllotmentError:
        # A model that is down must not keep anybody from clicking the plan together.
        return None


def _proposed(ask: Ask, wish: Wish, asker: Asker) -> Planned | None:
    columns = "\n".join(f"- {column.name} ({column.kind.value})" for column in wish.columns)
    messages = [Message("system", _INSTRUCTIONS + columns), Message("user", wish.words)]
    for _again in range(_TRIES):
        found = ask(asker, messages, plan_schema())
        if found is None:
            return None
        plan, problems = _read(found, wish.columns)
        if plan is not None:
            return Planned(plan, is_of_model=True)
        said = msgspec.json.encode(found).decode()
        messages += [
            Message("assistant", said),
            Message("user", f"That does not fit: {problems}"),
        ]
    return None


def _read(found: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Plan | None, str]:
    """Return the plan a model proposed, or what is wrong with it."""
    try:
        plan = msgspec.convert(found, Proposal).plan
    except msgspec.ValidationError as error:
        return None, str(error)
    problems = check(plan, columns, {}).problems
    if not plan or problems:
        return None, " ".join(f"{one.message} {one.remedy}" for one in problems) or "The plan is empty."
    return plan, ""
