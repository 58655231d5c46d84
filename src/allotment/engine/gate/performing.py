"""Perform: ask the provider, with a deadline and one careful second try."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from allotment.engine.asking import ChatRequest, Provider, Usage
from allotment.kernel.errors import ProviderError

TRIES = 3
DEADLINE_SECONDS = 180.0
_FIRST_PAUSE_SECONDS = 0.4


@dataclass(frozen=True)
class Performed:
    """The whole answer, as the model wrote it."""

    text: str
    usage: Usage


async def perform(
    provider: Provider, request: ChatRequest, on_text: Callable[[str], Awaitable[None]]
) -> Performed:
    """Ask; pass pieces to `on_text` as they come; raise `ProviderError` when it cannot be done.

    Tries again only when the provider says a retry can help and nothing was passed on yet, so nobody sees
    an answer twice. Waits grow and carry jitter, so that many runs do not come back at the same moment.
    """
    for attempt in range(1, TRIES + 1):
        pieces: list[str] = []
        try:
            with anyio.fail_after(DEADLINE_SECONDS):
                return await _once(provider, request, pieces, on_text)
        except TimeoutError as error:
            raise ProviderError(
                f"The model did not finish within {DEADLINE_SECONDS:.0f} seconds.",
                hint="Run it again with a shorter text, or ask for another model.",
                retryable=True,
            ) from error
        except ProviderError as error:
            if not error.retryable or pieces or attempt == TRIES:
                raise
            await anyio.sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
    raise AssertionError  # the loop returns or raises


async def _once(
    provider: Provider, request: ChatRequest, pieces: list[str], on_text: Callable[[str], Awaitable[None]]
) -> Performed:
    usage: Usage | None = None
    async for delta in provider.chat(request):
        if delta.text:
            pieces.append(delta.text)
            await on_text(delta.text)
        usage = delta.usage or usage
    text = "".join(pieces)
    if not text.strip():
        raise ProviderError(
            "The model gave an empty answer.",
            hint="Run it again; if it stays empty, ask with another model.",
            retryable=False,
        )
    return Performed(text, usage or Usage(0, len(text) // 4, estimated=True))
