"""The contract of the `Provider` port, held by every plugin against real servers on the loopback interface."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import anyio
import pytest
from msgspec.structs import replace

from allotment.engine.asking import (
    AnswerFields,
    AnswerFormat,
    AnswerLabel,
    AnswerText,
    ChatDelta,
    ChatRequest,
    Message,
    Provider,
)
from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import AddressRefused, Outbound
from allotment.kernel.plugins import plugins
from tests.adapters.servers import KEY, TEXT, FakeModels, serving

pytestmark = pytest.mark.anyio

REMOTE = ("anthropic", "openai_compatible")
LABELS = AnswerLabel(("card", "transfer", "refund"))
FIELDS = AnswerFields(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "amount": {"type": "number"},
            "is_urgent": {"type": "boolean"},
            "mood": {"type": "string", "enum": ["calm", "angry"]},
            "items": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "amount"],
    }
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound()
    yield client
    await client.close()


@dataclass
class Connected:
    """A provider, and the server behind it when it has one."""

    kind: str
    provider: Provider
    server: FakeModels


@pytest.fixture(scope="module")
def fake() -> Iterator[tuple[FakeModels, str]]:
    server = FakeModels()
    with serving(server.app) as address:
        yield server, address


def connect(kind: str, fake: tuple[FakeModels, str], outbound: Outbound, mode: str = "good") -> Connected:
    server, address = fake
    server.mode = mode
    server.bodies.clear()
    server.keys.clear()
    server.was_left.clear()
    values = {"endpoint": address, "key": KEY, "network": "local", "patience_seconds": "1"}
    if kind == "scripted":
        values = {"failure": "" if mode == "good" else mode}
    return Connected(kind, plugins("providers")[kind].connect(values, outbound), server)


def ask(answer: AnswerFormat | None = None, text: str = "Where is my card?") -> ChatRequest:
    messages = (Message("system", "You are polite."), Message("user", text))
    return ChatRequest("small", messages, answer or AnswerText())


async def answer(connected: Connected, request: ChatRequest) -> tuple[str, ChatDelta]:
    """Return the joined text and the last delta; checks the shape of the stream."""
    deltas = [delta async for delta in connected.provider.chat(request)]
    assert [delta.finish is None for delta in deltas] == [True] * (len(deltas) - 1) + [False]
    assert deltas[-1].usage is not None
    return "".join(delta.text for delta in deltas), deltas[-1]


everywhere = pytest.mark.parametrize("kind", [*REMOTE, "scripted"])
remotely = pytest.mark.parametrize("kind", REMOTE)


def test_every_plugin_says_who_it_is() -> None:
    found = plugins("providers")
    assert {"anthropic", "openai_compatible", "practice", "scripted"} <= set(found)
    for plugin in found.values():
        assert plugin.title
        assert plugin.description
        assert isinstance(plugin.runs_here, bool)
        assert plugin.for_tests == (plugin.kind == "scripted")
        assert all(field.label for field in plugin.fields)


@everywhere
async def test_free_text_streams_and_ends_once(kind: str, fake: tuple, outbound: Outbound) -> None:
    text, last = await answer(connect(kind, fake, outbound), ask())
    assert text == (TEXT if kind in REMOTE else "Answer to: Where is my card?")
    assert last.finish == "stop"


@remotely
async def test_usage_is_what_the_provider_counted(kind: str, fake: tuple, outbound: Outbound) -> None:
    _, last = await answer(connect(kind, fake, outbound), ask())
    assert (last.usage.tokens_in, last.usage.tokens_out, last.usage.estimated) == (11, 7, False)


@remotely
async def test_usage_is_estimated_when_the_provider_does_not_count(
    kind: str, fake: tuple, outbound: Outbound
) -> None:
    _, last = await answer(connect(kind, fake, outbound, "uncounted"), ask())
    assert last.usage.estimated
    assert last.usage.tokens_in > 0


@everywhere
async def test_a_label_is_exactly_one_of_the_labels(kind: str, fake: tuple, outbound: Outbound) -> None:
    text, last = await answer(connect(kind, fake, outbound), ask(LABELS))
    assert text in LABELS.labels
    assert last.finish == "stop"


@everywhere
async def test_fields_are_an_object_that_fits(kind: str, fake: tuple, outbound: Outbound) -> None:
    text, _ = await answer(connect(kind, fake, outbound), ask(FIELDS))
    said = json.loads(text)
    assert isinstance(said["name"], str)
    assert isinstance(said["amount"], int | float)
    assert said["mood"] in {"calm", "angry"}


@remotely
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_named_question_carries_its_name(
    kind: str, is_streamed: bool, fake: tuple, outbound: Outbound
) -> None:
    connected = connect(kind, fake, outbound)
    await answer(connected, replace(ask(), is_streamed=is_streamed, idempotency="row 7:reply"))
    await answer(connected, replace(ask(), is_streamed=is_streamed))
    assert connected.server.keys == ["row 7:reply", None]


@everywhere
async def test_models_are_listed(kind: str, fake: tuple, outbound: Outbound) -> None:
    names = await connect(kind, fake, outbound).provider.models()
    assert names == (("large", "small") if kind in REMOTE else ("scripted",))


@remotely
@pytest.mark.parametrize(("mode", "finish"), [("length", "length"), ("filtered", "filtered")])
async def test_the_reason_of_the_end_is_told(
    kind: str, mode: str, finish: str, fake: tuple, outbound: Outbound
) -> None:
    _, last = await answer(connect(kind, fake, outbound, mode), ask())
    assert last.finish == finish


@everywhere
async def test_401_says_that_the_key_was_refused(kind: str, fake: tuple, outbound: Outbound) -> None:
    connected = connect(kind, fake, outbound, "401")
    for call in (answer(connected, ask()), connected.provider.models()):
        with pytest.raises(ProviderError) as caught:
            await call
        assert caught.value.rejected_credential
        assert not caught.value.retryable


@everywhere
async def test_429_is_retryable_and_says_when(kind: str, fake: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError) as caught:
        await answer(connect(kind, fake, outbound, "429"), ask())
    assert caught.value.retryable
    assert "7 seconds" in caught.value.hint


@everywhere
async def test_500_is_retryable(kind: str, fake: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError) as caught:
        await answer(connect(kind, fake, outbound, "500"), ask())
    assert caught.value.retryable


@remotely
@pytest.mark.parametrize("mode", ["hang", "silent"])
async def test_a_hanging_provider_is_given_up(kind: str, mode: str, fake: tuple, outbound: Outbound) -> None:
    began = time.monotonic()
    with pytest.raises(ProviderError, match="stopped waiting") as caught:
        await answer(connect(kind, fake, outbound, mode), ask())
    assert caught.value.retryable
    assert time.monotonic() - began < 28


@remotely
@pytest.mark.parametrize("mode", ["garbage", "nonsense", "page"])
async def test_garbage_is_an_error_that_a_retry_does_not_help(
    kind: str, mode: str, fake: tuple, outbound: Outbound
) -> None:
    with pytest.raises(ProviderError) as caught:
        await answer(connect(kind, fake, outbound, mode), ask())
    assert not caught.value.retryable
    assert caught.value.hint


@remotely
async def test_a_page_instead_of_models_is_an_error(kind: str, fake: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError):
        await connect(kind, fake, outbound, "page").provider.models()


@remotely
async def test_a_stream_that_breaks_off_is_retryable(kind: str, fake: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError) as caught:
        await answer(connect(kind, fake, outbound, "broken"), ask())
    assert caught.value.code == "provider-error"


@remotely
async def test_cancelling_reaches_the_server(kind: str, fake: tuple, outbound: Outbound) -> None:
    connected = connect(kind, fake, outbound, "slow")

    async def listen(scope: anyio.CancelScope) -> None:
        async for delta in connected.provider.chat(ask()):
            if delta.text:
                scope.cancel()

    with anyio.CancelScope() as scope:
        await listen(scope)
    assert scope.cancelled_caught
    assert await anyio.to_thread.run_sync(connected.server.was_left.wait, 60)


@remotely
async def test_a_private_address_needs_permission(kind: str, fake: tuple, outbound: Outbound) -> None:
    values = {"endpoint": fake[1], "key": KEY}
    provider = plugins("providers")[kind].connect(values, outbound)
    with pytest.raises(AddressRefused):
        await provider.models()


@remotely
async def test_a_refused_key_is_not_repeated(kind: str, fake: tuple, outbound: Outbound) -> None:
    values = {"endpoint": fake[1], "key": "sk-wrong-key", "network": "local"}
    connect(kind, fake, outbound)
    with pytest.raises(ProviderError) as caught:
        await plugins("providers")[kind].connect(values, outbound).models()
    assert "sk-wrong-key" not in f"{caught.value!r} {caught.value.hint} {vars(caught.value)}"
