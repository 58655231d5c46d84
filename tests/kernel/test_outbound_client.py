"""The outbound client against real servers: what it sends, what it refuses, how it fails."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import AddressRefused, Outbound, Patience, Reach, Rejected, decoded
from tests.adapters.servers import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Site:
    """A server that notes what reaches it."""

    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    leads_to: str = ""

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{name:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.seen.append((name, dict(request.headers)))
        if name == "redirect":
            return RedirectResponse(self.leads_to)
        if name == "loop":
            return RedirectResponse("/loop")
        if name == "echo":
            return JSONResponse(await request.json())
        if name == "endless":
            return StreamingResponse(b"x" * 100_000 for _ in range(10_000))
        if name == "busy":
            return PlainTextResponse("", 429, {"Retry-After": "30"})
        return JSONResponse({"name": name})


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    made = Site()
    with serving(made.app) as address:
        yield made, address


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound()
    yield client
    await client.close()


class Names:
    """A name server that answers from a list, one answer after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, _host: str) -> Sequence[str]:
        return self.answers.pop(0)


def port(address: str) -> str:
    return address.rpartition(":")[2]


async def test_json_goes_out_and_comes_back(site: tuple, outbound: Outbound) -> None:
    body = {"text": "Grüße"}
    payload = await outbound.post_json(f"{site[1]}/echo", body, headers={"X-A": "1"}, reach=Reach.LOCAL)
    assert decoded(payload, dict, "x") == body
    assert site[0].seen[0][1]["x-a"] == "1"


async def test_loopback_needs_permission(site: tuple, outbound: Outbound) -> None:
    with pytest.raises(AddressRefused, match="private network"):
        await outbound.get_json(f"{site[1]}/a", headers={})
    assert not site[0].seen


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "localhost"])
async def test_other_spellings_of_loopback_are_refused(host: str, site: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError) as caught:
        await outbound.get_json(f"http://{host}:{port(site[1])}/a", headers={})
    assert isinstance(caught.value, AddressRefused)
    assert not site[0].seen


@pytest.mark.parametrize(
    "answers", [["10.0.0.7"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"]]
)
async def test_a_name_that_leads_to_a_private_address_is_refused(answers: list[str]) -> None:
    outbound = Outbound(lookup=Names(answers))
    with pytest.raises(AddressRefused):
        await outbound.get_json("https://api.example.org/", headers={})
    await outbound.close()


async def test_a_name_is_asked_once_and_only_that_answer_is_used(site: tuple) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.7"])
    outbound = Outbound(lookup=names)
    url = f"http://api.example.org:{port(site[1])}/a"
    await outbound.get_json(url, headers={}, reach=Reach.LOCAL)
    assert names.answers == [["10.0.0.7"]]
    await outbound.close()


async def test_a_name_that_moves_to_a_private_address_is_refused_next_time(site: tuple) -> None:
    outbound = Outbound(lookup=Names(["127.0.0.1"], ["127.0.0.1"]))
    url = f"http://api.example.org:{port(site[1])}/a"
    await outbound.get_json(url, headers={}, reach=Reach.LOCAL)
    with pytest.raises(AddressRefused):
        await outbound.get_json(url, headers={}, reach=Reach.PUBLIC)
    await outbound.close()


async def test_a_redirect_to_a_refused_address_is_not_followed(site: tuple, outbound: Outbound) -> None:
    site[0].leads_to = "http://169.254.169.254/latest/meta-data/"
    with pytest.raises(AddressRefused):
        await outbound.get_json(f"{site[1]}/redirect", headers={}, reach=Reach.LOCAL)


async def test_a_redirect_to_another_machine_gets_no_key(site: tuple, outbound: Outbound) -> None:
    other = Site()
    with serving(other.app) as address:
        site[0].leads_to = f"{address}/there"
        headers = {"Authorization": "Bearer secret"}
        payload = await outbound.get_json(f"{site[1]}/redirect", headers=headers, reach=Reach.LOCAL)
    assert decoded(payload, dict, "x") == {"name": "there"}
    assert "authorization" not in other.seen[0][1]


async def test_redirects_end_after_three(site: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError, match="keeps pointing"):
        await outbound.get_json(f"{site[1]}/loop", headers={}, reach=Reach.LOCAL)
    assert len(site[0].seen) == 4


async def test_a_post_is_never_redirected(site: tuple, outbound: Outbound) -> None:
    site[0].leads_to = f"{site[1]}/echo"
    with pytest.raises(Rejected, match="do not follow"):
        await outbound.post_json(f"{site[1]}/redirect", {}, headers={}, reach=Reach.LOCAL)
    assert [name for name, _ in site[0].seen] == ["redirect"]


async def test_an_answer_without_end_is_refused(site: tuple, outbound: Outbound) -> None:
    with pytest.raises(ProviderError) as caught:
        await outbound.get_json(f"{site[1]}/endless", headers={}, reach=Reach.LOCAL)
    assert not caught.value.retryable


async def test_an_event_stream_without_end_is_refused(site: tuple, outbound: Outbound) -> None:
    events = outbound.stream_events(f"{site[1]}/endless", {}, headers={}, reach=Reach.LOCAL)
    with pytest.raises(ProviderError):
        async for _ in events:
            pass


async def test_429_names_the_wait(site: tuple, outbound: Outbound) -> None:
    with pytest.raises(Rejected) as caught:
        await outbound.post_json(f"{site[1]}/busy", {}, headers={}, reach=Reach.LOCAL)
    assert caught.value.retry_after_seconds == 30
    assert caught.value.retryable


async def test_a_machine_that_is_not_there_is_said_plainly(outbound: Outbound) -> None:
    events = outbound.stream_events(
        "http://127.0.0.1:9/v1", {}, headers={}, reach=Reach.LOCAL, timeout=Patience(connect=1)
    )
    with pytest.raises(ProviderError, match="could not be reached") as caught:
        await anext(events)
    assert caught.value.retryable


async def test_a_name_that_does_not_exist_is_said_plainly() -> None:
    async def unknown(_host: str) -> Sequence[str]:
        raise OSError("Name or service not known")

    outbound = Outbound(lookup=unknown)
    with pytest.raises(ProviderError, match="could not be found"):
        await outbound.get_json("https://nowhere.example/", headers={})
    await outbound.close()


async def test_the_guard_may_forbid_a_send(site: tuple) -> None:
    class InTransactionError(Exception):
        pass

    def guard() -> None:
        raise InTransactionError

    outbound = Outbound(guard=guard)
    with pytest.raises(InTransactionError):
        await outbound.post_json(f"{site[1]}/echo", {}, headers={}, reach=Reach.LOCAL)
    assert not site[0].seen
    await outbound.close()
