"""The server: two doors in one process. Pages are Django in a thread pool, the gateway is asynchronous.

Builds everything through `composition` and does nothing else.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
from a2wsgi import WSGIMiddleware
from anyio.from_thread import BlockingPortal
from django.core.wsgi import get_wsgi_application
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp

from allotment.site.starting import start_django

PAGE_THREADS = 8

start_django()
_pages = get_wsgi_application()

from allotment.composition.installation import installation  # noqa: E402 - features need Django set up first
from allotment.composition.snapshot import keeping  # noqa: E402
from allotment.gateway.chat.door import ChatDoor  # noqa: E402
from allotment.gateway.chat.uses import Uses  # noqa: E402
from allotment.gateway.routes import starlette_routes  # noqa: E402
from allotment.people.api_keys.using import remember_uses  # noqa: E402
from allotment.runs import gatehouse  # noqa: E402


def _page_door() -> ASGIApp:
    """Return Django behind its thread pool. a2wsgi's own types are narrower than WSGI's and ASGI's."""
    return cast("ASGIApp", WSGIMiddleware(cast("Any", _pages), workers=PAGE_THREADS))


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    async with BlockingPortal() as portal:
        await installation.open_here(portal)
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await installation.close_here()


_people = Starlette(
    routes=[*starlette_routes(), Mount("/", app=_page_door())],
    middleware=[Middleware(GZipMiddleware, minimum_size=1024)],
    lifespan=_lifespan,
)
application = ChatDoor(_people, keeping.current, gatehouse.gate, Uses(remember_uses))
"""Programs are answered ahead of all middleware; people come after."""
