"""Perform: ask the provider once, and how long to wait before asking again."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import msgspec

from allotment.engine.asking import ChatRequest, Provider, Usage
from allotment.engine.gate.stages import CHARACTERS_PER_TOKEN, tokens_in
from allotment.kernel.errors import ProviderError, Took


@dataclass(frozen=True)
class Patience:
    """How often a call is tried, and how long is waited in between."""

    tries: int = 3
    """With each model."""
    first_pause_seconds: float = 0.4
    longest_pause_seconds: float = 5.0


class Performed(msgspec.Struct, frozen=True):
    """The whole answer, as the model wrote it."""

    text: str
    usage: Usage


async def perform(
    provider: Provider, request: ChatRequest, on_text: Callable[[str], Awaitable[None]]
) -> Performed:
    """Ask; pass pieces to `on_text` as they come; raise `ProviderError` when it cannot be done.

    However this ends, the provider's stream is closed first, so a call that nobody waits for any more ends at
    the provider too.
    """
    pieces: list[str] = []
    usage: Usage | None = None
    deltas = provider.chat(request)
    try:
        async for delta in deltas:
            if delta.text:
                pieces.append(delta.text)
                await on_text(delta.text)
            usage = delta.usage or usage
    finally:
        if isinstance(deltas, AsyncGenerator):
            await deltas.aclose()
    text = "".join(pieces)
    if usage is None or not usage.is_said:
        usage = estimated(request, len(text))
    if not text.strip():
        raise ProviderError(
            "The model gave an empty answer.",
            hint="Run it again; if it stays empty, ask with another model.",
            retryable=False,
        ).having_taken(Took(usage.tokens_in, usage.tokens_out, usage.estimated))
    return Performed(text, usage)


def estimated(request: ChatRequest, characters: int) -> Usage:
    """Estimate what a question and so much of an answer used, where the provider did not say."""
    return Usage(tokens_in(request.messages), characters // CHARACTERS_PER_TOKEN, estimated=True)


def pause_before_retry(error: ProviderError, tried: int, patience: Patience) -> float | None:
    """Return the seconds to wait before trying again; None when that cannot help or would take too long.

    Waits grow and carry jitter, so that many calls do not come back at the same moment. What the provider asks
    for is the least that is waited.
    """
    if not error.retryable or tried >= patience.tries:
        return None
    grown = patience.first_pause_seconds * 2.0 ** (tried - 1) * random.uniform(0.5, 1.5)  # noqa: S311
    pause = max(grown, error.retry_after_seconds or 0)
    return pause if pause <= patience.longest_pause_seconds else None
