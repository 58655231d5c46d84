"""`Outbound`: sends JSON, receives JSON or an event stream, and turns every failure into a `ProviderError`.

Invariant: before each send the guard agrees, and before each connection the address is checked. One pool per
reach, so a connection made for a local address is never reused where only public ones are allowed.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import aiohttp  # noqa: TID251 - this is the outbound client
import msgspec
from yarl import URL

from allotment.kernel import clock
from allotment.kernel.deadlines import Deadline, Deadlines
from allotment.kernel.outbound import connecting, failures
from allotment.kernel.outbound.addresses import Reach, checked_url
from allotment.kernel.outbound.events import EventParser, TooMuch
from allotment.kernel.outbound.resolving import Lookup, system_lookup

MAX_JSON_BYTES = 16_000_000
MAX_REDIRECTS = 3
_MAX_ERROR_BYTES = 8_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SUCCESSES = range(200, 300)


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 10
    first_byte: float = 120
    """From the start, so connecting counts."""
    between_bytes: float = 60
    whole: float = 900


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: URL
    headers: Mapping[str, str]
    reach: Reach
    patience: Patience
    body: bytes | None = None
    may_repeat: bool = False
    """Whether it does no harm when it arrives twice."""

    @property
    def host(self) -> str:
        return self.url.host or ""


class Outbound:
    """The one HTTP client. Construct it inside the event loop, once per process; `close` it there."""

    def __init__(self, *, guard: Callable[[], None] = lambda: None, lookup: Lookup = system_lookup) -> None:
        """`guard` runs before each send and raises to forbid it (no call inside a database transaction)."""
        self._guard = guard
        self._sessions = {reach: connecting.session(reach, lookup) for reach in Reach}
        self._first_byte: dict[float, Deadlines] = {}
        """By how long a connection may take to begin to answer."""

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    async def post_json(
        self,
        url: str,
        body: object,
        *,
        headers: Mapping[str, str],
        reach: Reach = Reach.PUBLIC,
        timeout: Patience = Patience(),  # noqa: ASYNC109 - frozen; bounds each wait, not the call
        may_repeat: bool = False,
    ) -> bytes:
        """Send `body` as JSON and return the answer's bytes, to be read with `decoded`.

        Say `may_repeat` of what changes nothing at the other side, such as a question to a model: see `_send`.
        """
        request = _post(checked_url(url, reach), body, headers, reach, timeout, may_repeat)
        self._guard()
        response = None  # as in `_exchange`, without what a context manager of its own takes at each question
        try:
            response = await self._send(request)
            if response.status not in _SUCCESSES:
                raise await _rejection(response, request)
            return await _whole(response, request)
        except aiohttp.ClientError as error:
            raise failures.from_transport(request.host, error, request.reach) from error
        finally:
            _let_go(response)

    async def get_json(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        reach: Reach = Reach.PUBLIC,
        timeout_seconds: float = 30,
    ) -> bytes:
        """Fetch `url` and return the answer's bytes; follows up to three redirects, each checked anew."""
        patience = Patience(
            connect=timeout_seconds,
            first_byte=timeout_seconds,
            between_bytes=timeout_seconds,
            whole=timeout_seconds,
        )
        request = _Request("GET", checked_url(url, reach), headers, reach, patience, may_repeat=True)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._exchange(request, follows=True) as response:
                if response.status not in _REDIRECTS:
                    return await _whole(response, request)
                request = _followed(request, response.headers.get("Location", ""))
        raise failures.Unreadable(f"{request.host} keeps pointing to other addresses.")

    async def stream_events(
        self,
        url: str,
        body: object,
        *,
        headers: Mapping[str, str],
        reach: Reach = Reach.PUBLIC,
        timeout: Patience = Patience(),  # noqa: ASYNC109 - frozen; bounds each wait, not the call
    ) -> AsyncGenerator[str, None]:
        """Send `body`, a question that changes nothing, as JSON; yield the `data` of each server-sent event.

        Closing the iterator closes the connection, which tells the provider to stop.
        """
        request = _post(checked_url(url, reach), body, headers, reach, timeout, True)
        parser, count = EventParser(), 0
        async with self._exchange(request) as response:
            try:
                async for chunk in _chunks(response, request):
                    for event in parser.feed(chunk):
                        count += 1
                        yield event
                for event in parser.finish():
                    count += 1
                    yield event
            except (TooMuch, UnicodeError) as error:
                raise failures.unreadable(request.host) from error
        if not count:
            raise failures.unreadable(request.host)

    @asynccontextmanager
    async def _exchange(
        self, request: _Request, *, follows: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send and yield a successful response (or a redirect, when it `follows`); close it in every case."""
        self._guard()
        response = None
        try:
            response = await self._send(request)
            if response.status not in _SUCCESSES and not (follows and response.status in _REDIRECTS):
                raise await _rejection(response, request)
            yield response
        except aiohttp.ClientError as error:
            raise failures.from_transport(request.host, error, request.reach) from error
        finally:
            _let_go(response)

    async def _send(self, request: _Request) -> aiohttp.ClientResponse:
        """Send, and once more when a kept connection turns out to be closed before a byte of the answer came.

        The server may have closed it, being idle, just when the request was on its way: then nobody read the request
        (RFC 9112 §9.3.1). It may also have broken down over this very request, and the two look the same from here. So
        only what may arrive twice is sent again, only once, and never when the connection was opened for this request.
        """
        patience = request.patience
        try:
            with Deadline(self._deadlines(patience.first_byte)):
                connecting.begin_request()
                try:
                    return await self._sent(request)
                except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                    if not (request.may_repeat and connecting.used_a_kept_connection()):
                        raise
                return await self._sent(request)
        except aiohttp.ConnectionTimeoutError:
            raise
        except TimeoutError as error:
            raise failures.Hung(request.host, "did not begin to answer", patience.first_byte) from error

    def _deadlines(self, seconds: float) -> Deadlines:
        known = self._first_byte.get(seconds)
        if known is None:
            known = self._first_byte[seconds] = Deadlines(seconds)
        return known

    async def _sent(self, request: _Request) -> aiohttp.ClientResponse:
        return await self._sessions[request.reach].request(
            request.method,
            request.url,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
            timeout=_connect_timeout(request.patience.connect),
        )


def _let_go(response: aiohttp.ClientResponse | None) -> None:
    """Keep the connection for the next request if the answer was read to its end; else close it."""
    if response is None:
        return
    if response.content.at_eof():
        response.release()
    else:
        response.close()


@cache
def _connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Bound connecting only; the other waits are bounded where they happen."""
    return aiohttp.ClientTimeout(total=None, connect=seconds)


def _post(
    url: URL,
    body: object,
    headers: Mapping[str, str],
    reach: Reach,
    patience: Patience,
    may_repeat: bool,
) -> _Request:
    sent = {"Content-Type": "application/json", **headers}
    return _Request("POST", url, sent, reach, patience, msgspec.json.encode(body), may_repeat)


def _followed(request: _Request, location: str) -> _Request:
    """Return the request that a redirect asks for; credentials stay with the machine they were meant for."""
    target = checked_url(request.url.join(URL(location)), request.reach)
    if request.url.scheme == "https" and target.scheme != "https":
        raise failures.Unreadable(f"{request.host} points to an address without encryption.")
    headers = request.headers if target.origin() == request.url.origin() else {}
    return _Request(request.method, target, headers, request.reach, request.patience)


async def _chunks(response: aiohttp.ClientResponse, request: _Request) -> AsyncIterator[bytes]:
    patience = request.patience
    deadline = clock.monotonic() + patience.whole
    wait, what = patience.first_byte, "did not begin to answer"
    while True:
        try:
            async with asyncio.timeout(min(wait, deadline - clock.monotonic())):
                chunk = await response.content.readany()
        except TimeoutError as error:
            raise failures.Hung(request.host, what, wait) from error
        if not chunk:
            return
        yield chunk
        wait, what = patience.between_bytes, "fell silent in the middle of its answer"


async def _whole(response: aiohttp.ClientResponse, request: _Request) -> bytes:
    if response.content.is_eof():  # short answers come together with their head
        body = response.content.read_nowait(-1)
        if len(body) > MAX_JSON_BYTES:
            raise failures.unreadable(request.host)
        return body
    received = bytearray()
    async for chunk in _chunks(response, request):
        received += chunk
        if len(received) > MAX_JSON_BYTES:
            raise failures.unreadable(request.host)
    return bytes(received)


async def _rejection(response: aiohttp.ClientResponse, request: _Request) -> failures.Rejected:
    received = bytearray()
    async for chunk in _chunks(response, request):
        received += chunk
        if len(received) > _MAX_ERROR_BYTES:
            break
    detail = failures.explained(bytes(received), request.headers)
    return failures.from_status(request.host, response.status, response.headers, detail)
