"""Streams that do not come to their end: a provider that fails half-way, a caller who leaves half-way."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import openai
import pytest

from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.kernel.errors import ProviderError
from tests.gateway.chat.conftest import MakeClient, prompt
from tests.gateway.chat.scene import Scene

SENTENCES = "The first sentence is here. The second sentence is here as well. And then "


@dataclass
class Faltering:
    """Says two sentences, then fails or falls silent; remembers that it was cancelled."""

    fails: bool
    ends: list[str] = field(default_factory=list)

    async def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        try:
            yield ChatDelta(SENTENCES)
            if self.fails:
                raise ProviderError("The model broke off.", hint="Try again.", retryable=True)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise

    async def models(self) -> tuple[str, ...]:
        return ()


def _stream(client: openai.OpenAI) -> openai.Stream:
    return client.chat.completions.create(model="small", messages=[], stream=True, extra_body=prompt())


def test_a_failure_half_way_is_an_error_event(scene: Scene, client: MakeClient) -> None:
    scene.speak_with(Faltering(fails=True))
    said: list[str] = []
    stream = _stream(client(scene.key()))
    with pytest.raises(openai.APIError, match="The model broke off") as caught:
        said.extend(chunk.choices[0].delta.content for chunk in stream)
    assert "The first sentence is here." in "".join(said)
    assert caught.value.code == "provider_error"
    assert [outcome for _, outcome in scene.journal.outcomes()] == ["allowed", "failed"]


def test_leaving_half_way_reaches_the_provider(scene: Scene, client: MakeClient) -> None:
    provider = Faltering(fails=False)
    scene.speak_with(provider)
    stream = _stream(client(scene.key()))
    assert next(iter(stream)).choices[0].delta.content
    stream.close()
    deadline = time.monotonic() + 60
    while len(scene.journal.entries) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert provider.ends == ["cancelled"]
    assert [(e.outcome, e.details.get("reason")) for e in scene.journal.entries] == [
        ("allowed", None),
        ("failed", "cancelled"),
    ]
