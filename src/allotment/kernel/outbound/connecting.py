"""The pools of connections: one for each reach, every address checked before a connection is opened to it.

Invariant: a connection made for a local address is never used where only public ones are allowed. Knows whether a
request went out on a connection that was opened for it: one that was kept may have been closed meanwhile.
"""

from contextvars import ContextVar

import aiohttp  # noqa: TID251 - the outbound client
from aiohttp.client_proto import ResponseHandler  # noqa: TID251 - the outbound client
from aiohttp.tracing import Trace  # noqa: TID251 - the outbound client

from allotment.kernel.outbound.addresses import Reach
from allotment.kernel.outbound.resolving import CheckedResolver, Lookup

_KEPT_SECONDS = {Reach.PUBLIC: 15.0, Reach.LOCAL: 2.0}
"""How long a connection may be idle. Servers nearby often close theirs after five seconds (uvicorn, Node), and are
restarted more often; connecting to them again costs little."""

_was_opened: ContextVar[bool] = ContextVar("was_opened", default=True)


class _Connector(aiohttp.TCPConnector):
    """Notes, for the request at hand, that a connection had to be opened."""

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the library's signature
    ) -> ResponseHandler:
        _was_opened.set(True)
        return await super()._create_connection(req, traces, timeout)


def begin_request() -> None:
    """Say that what follows in this task is one request."""
    _was_opened.set(False)


def used_a_kept_connection() -> bool:
    """Tell whether the request went out on a connection that an earlier one had opened."""
    return not _was_opened.get()


def session(reach: Reach, lookup: Lookup) -> aiohttp.ClientSession:
    """Return the client for `reach`: no cookies, no proxies from the environment, no cache of addresses."""
    connector = _Connector(
        resolver=CheckedResolver(reach, lookup),
        use_dns_cache=False,
        limit=0,
        limit_per_host=200,
        keepalive_timeout=_KEPT_SECONDS[reach],
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Allotment"},
        trust_env=False,
    )
