"""Asking the practice model: the OpenAI wire to our own child, with one new start when the child died."""

from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from msgspec.structs import replace

from allotment.adapters.providers.practice.server import PracticeServer, Running
from allotment.adapters.providers.practice.small_model import simplified
from allotment.adapters.providers.practice.weights import MODEL, installed
from allotment.adapters.wires import answers
from allotment.adapters.wires.chat_completions import ChatCompletions, Endpoint
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import Outbound, Patience, Reach

_PATIENCE = Patience(connect=5, first_byte=180, between_bytes=60)
"""A long text takes this machine a while to read, and questions wait for each other."""

_NOTICE_SECONDS = 1.0


class PracticeProvider:
    """A `Provider` in a child process."""

    def __init__(self, server: PracticeServer, outbound: Outbound) -> None:
        self._server = server
        self._outbound = outbound

    def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Stream the answer; see `engine.asking.Provider`."""
        return answers.fitted(request, self._ask)

    async def models(self) -> tuple[str, ...]:
        """Return the one model; raises `Unavailable` when its weights are not installed."""
        await to_thread(installed)
        return (MODEL,)

    async def _ask(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        for is_last_try in (False, True):
            running = await self._server.running()
            is_silent = True
            try:
                async with aclosing(_trimmed(self._ask_child(running, request))) as deltas:
                    async for delta in deltas:
                        is_silent = False
                        yield delta
            except ProviderError:
                may_retry = is_silent and not is_last_try
                if not (may_retry and await to_thread(running.dies_within, _NOTICE_SECONDS)):
                    raise
            else:
                return

    def _ask_child(self, running: Running, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        simple, extras = simplified(request)
        endpoint = Endpoint(
            url=f"{running.address}/v1",
            headers={"Authorization": f"Bearer {running.key}"},
            reach=Reach.LOCAL,
            patience=_PATIENCE,
            extras=extras,
        )
        return ChatCompletions(endpoint, self._outbound).ask(simple)


async def _trimmed(deltas: AsyncGenerator[ChatDelta, None]) -> AsyncGenerator[ChatDelta, None]:
    """Leave out white space before and after the answer: a small model adds a lot of it."""
    held, has_begun = "", False
    async with aclosing(deltas):
        async for delta in deltas:
            text = held + delta.text if has_begun else delta.text.lstrip()
            bare = text.rstrip()
            held = text[len(bare) :]
            has_begun = has_begun or bool(bare)
            if bare or delta.finish:
                yield replace(delta, text=bare)
