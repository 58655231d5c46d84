"""Trying a model with one fixed, harmless question, before people's own words are sent to it.

Invariant: nothing anyone typed is sent, so there is nothing to screen; everything else asks through the gate.
Every trial is recorded before the model is asked, and again before its answer is shown: where the journal cannot be
written, nothing is sent.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from allotment.engine.asking import ChatRequest, Message, Provider, Usage
from allotment.engine.principals import Actor
from allotment.engine.recording import Entry, Outcome
from allotment.journal.recording import record
from allotment.kernel import clock, portal
from allotment.kernel.errors import Unavailable
from allotment.llms.pricing import cost_nanodollars
from allotment.llms.providers import reachable_for_trial

QUESTION = "Say hello in one short, friendly sentence."
_MAX_TOKENS = 60
_SHOWN = 300
_PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class Trial:
    """How a model answered."""

    answer: str
    seconds: float
    tokens: int
    cost_nanodollars: int


def try_model(model_id: UUID, actor: Actor) -> Trial:
    """Ask the fixed question; raises `Unavailable` (often `ProviderError`) when no answer comes.

    A journal that cannot be written ends it with the database's own error, before anything is sent.
    """
    model = reachable_for_trial(model_id)
    request = ChatRequest(model.name, (Message("user", QUESTION),), max_tokens=_MAX_TOKENS)
    _record(model_id, actor, "allowed", 0)
    started = clock.monotonic()
    try:
        answer, usage = portal.call(_asked, model.provider, request)
    except Unavailable:
        _record(model_id, actor, "failed", 0)
        raise
    cost = cost_nanodollars(model.tariff, usage)
    tokens = usage.tokens_in + usage.tokens_out
    _record(model_id, actor, "done", tokens)
    return Trial(answer[:_SHOWN].strip(), clock.monotonic() - started, tokens, cost)


async def _asked(provider: Provider, request: ChatRequest) -> tuple[str, Usage]:
    pieces: list[str] = []
    usage = Usage(0, 0)
    deltas: Any = provider.chat(request)  # an async generator, which the port's type does not say
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), aclosing(deltas):
            async for delta in deltas:
                pieces.append(delta.text)
                usage = delta.usage or usage
    except TimeoutError as error:
        raise Unavailable(
            gettext("The model did not finish a short answer within %(seconds)d seconds.")
            % {"seconds": _PATIENCE_SECONDS},
            hint=gettext("Try again; if it stays slow, choose a smaller model."),
        ) from error
    return "".join(pieces), usage


def _record(model_id: UUID, actor: Actor, outcome: Outcome, tokens: int) -> None:
    details = {"tokens": tokens}
    record(Entry(clock.now(), "models.try", outcome, actor.person, "model", str(model_id), details=details))
