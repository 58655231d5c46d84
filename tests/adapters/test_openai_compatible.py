"""What the OpenAI-compatible plugin does beyond the contract: servers differ, and it adapts."""

from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace

from allotment.adapters.ollama import find_local_ollama
from allotment.adapters.providers.openai_compatible import complete_address
from allotment.engine.asking import ChatDelta, Provider, Usage
from allotment.kernel.errors import Invalid, ProviderError
from allotment.kernel.outbound import Outbound
from allotment.kernel.plugins import plugins
from tests.adapters.servers import KEY, TEXT, FakeModels, serving
from tests.adapters.test_provider_contract import LABELS, ask

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound()
    yield client
    await client.close()


@pytest.fixture
def server() -> Iterator[tuple[FakeModels, str]]:
    fake = FakeModels()
    with serving(fake.app) as address:
        yield fake, address


def connect(address: str, outbound: Outbound) -> Provider:
    values = {"endpoint": address, "key": KEY, "network": "local"}
    return plugins("providers")["openai_compatible"].connect(values, outbound)


async def said(provider: Provider, request: object) -> str:
    return "".join([delta.text async for delta in provider.chat(request)])


async def test_a_server_without_schemas_is_asked_in_words(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "no-schema"
    provider = connect(address, outbound)
    assert await said(provider, ask(LABELS)) == "refund"
    assert "exactly one of these labels" in fake.bodies[-1]["messages"][-1]["content"]


async def test_what_a_server_refused_is_not_sent_again(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "no-max-tokens"
    provider = connect(address, outbound)
    await said(provider, ask())
    await said(provider, ask())
    assert ["max_tokens" in body for body in fake.bodies] == [True, False, False]
    assert fake.bodies[-1]["max_completion_tokens"] == 512


async def test_an_answer_that_does_not_fit_is_repaired_once(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "no-schema"
    provider = connect(address, outbound)
    await said(provider, ask(LABELS))
    fake.bodies.clear()
    fake.keys.clear()
    fake.mode = "chatty"
    assert await said(provider, replace(ask(LABELS), idempotency="row 7")) == "refund"
    assert len(fake.bodies) == 2
    assert fake.keys == ["row 7", "row 7:again"]


async def test_an_answer_that_never_fits_is_an_error(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "no-schema"
    provider = connect(address, outbound)
    await said(provider, ask(LABELS))
    fake.mode = "stubborn"
    with pytest.raises(ProviderError, match="did not fit"):
        await said(provider, ask(LABELS))


async def test_a_text_that_is_too_long_is_said_plainly(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "long"
    with pytest.raises(ProviderError, match="longer than this model can read"):
        await said(connect(address, outbound), ask())


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("https://api.openai.com", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("https://us.openai.azure.com/", "https://us.openai.azure.com/openai/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
    ],
)
def test_an_address_is_completed(typed: str, used: str) -> None:
    assert complete_address(typed) == used


@pytest.mark.parametrize("values", [{"network": "moon"}, {"patience_seconds": "soon"}])
async def test_a_wrong_field_is_named(values: dict[str, str], outbound: Outbound) -> None:
    with pytest.raises(Invalid) as caught:
        plugins("providers")["openai_compatible"].connect({"endpoint": "https://x.org", **values}, outbound)
    assert caught.value.where in values


async def test_no_ollama_is_no_trouble(outbound: Outbound) -> None:
    assert await find_local_ollama(outbound, tags="http://127.0.0.1:9/api/tags") == ()


async def test_a_whole_answer_is_asked_for_without_a_stream(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    deltas = [delta async for delta in connect(address, outbound).chat(replace(ask(), is_streamed=False))]
    assert deltas == [ChatDelta(text=TEXT), ChatDelta(finish="stop", usage=Usage(11, 7))]
    assert fake.bodies[-1]["stream"] is False
    assert "stream_options" not in fake.bodies[-1]


async def test_a_whole_answer_fits_what_was_asked(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "no-schema"
    assert await said(connect(address, outbound), replace(ask(LABELS), is_streamed=False)) == "refund"


async def test_a_whole_answer_that_nobody_counted_is_estimated(server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = "uncounted"
    deltas = [delta async for delta in connect(address, outbound).chat(replace(ask(), is_streamed=False))]
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.estimated


@pytest.mark.parametrize("mode", ["empty", "page", "nonsense", "garbage", "500"])
async def test_a_whole_answer_that_is_none_is_an_error(mode: str, server: tuple, outbound: Outbound) -> None:
    fake, address = server
    fake.mode = mode
    with pytest.raises(ProviderError):
        await said(connect(address, outbound), replace(ask(), is_streamed=False))
