"""Connections are kept for a moment, and one that was closed meanwhile does no harm."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import Outbound, Reach

pytestmark = pytest.mark.anyio

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound()
    yield client
    await client.close()


@dataclass
class Server:
    """Serves each connection as many answers as its turn in `answers` says, then breaks off."""

    answers: Iterator[int]
    last_words: bytes = b""
    opened: int = 0
    asked: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        with suppress(asyncio.IncompleteReadError):
            for _ in range(next(self.answers)):
                await self._question(reader)
                writer.write(_ANSWER)
            await self._question(reader)
            writer.write(self.last_words)
        writer.close()

    async def _question(self, reader: asyncio.StreamReader) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        self.asked += 1

    async def ask(self, outbound: Outbound, *, may_repeat: bool) -> bytes:
        url = f"http://127.0.0.1:{self.port}/"
        return await outbound.post_json(url, {}, headers={}, reach=Reach.LOCAL, may_repeat=may_repeat)


@asynccontextmanager
async def serving(*answers: int, last_words: bytes = b"") -> AsyncIterator[Server]:
    made = Server(iter(answers), last_words)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        yield made


async def test_a_connection_is_used_again(outbound: Outbound) -> None:
    async with serving(2) as server:
        assert [await server.ask(outbound, may_repeat=False) for _ in range(2)] == [b"true", b"true"]
        assert server.opened == 1


async def test_a_question_is_asked_again_when_a_kept_connection_was_closed(outbound: Outbound) -> None:
    async with serving(1, 1) as server:
        assert [await server.ask(outbound, may_repeat=True) for _ in range(2)] == [b"true", b"true"]
        assert (server.opened, server.asked) == (2, 3)


async def test_what_may_not_arrive_twice_is_never_sent_again(outbound: Outbound) -> None:
    async with serving(1, 1) as server:
        await server.ask(outbound, may_repeat=False)
        with pytest.raises(ProviderError, match="broke off"):
            await server.ask(outbound, may_repeat=False)
        assert server.asked == 2


async def test_a_connection_that_was_opened_for_a_question_is_not_tried_twice(outbound: Outbound) -> None:
    async with serving(0, 1) as server:
        with pytest.raises(ProviderError, match="broke off"):
            await server.ask(outbound, may_repeat=True)
        assert server.asked == 1


async def test_a_question_is_asked_again_once_at_most(outbound: Outbound) -> None:
    async with serving(1, 0, 1) as server:
        await server.ask(outbound, may_repeat=True)
        with pytest.raises(ProviderError, match="broke off"):
            await server.ask(outbound, may_repeat=True)
        assert server.asked == 3


async def test_an_answer_that_had_begun_is_not_asked_for_again(outbound: Outbound) -> None:
    async with serving(1, 1, last_words=b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntr") as server:
        await server.ask(outbound, may_repeat=True)
        with pytest.raises(ProviderError):
            await server.ask(outbound, may_repeat=True)
        assert server.asked == 2
