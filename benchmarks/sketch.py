"""A governed gateway as it is written in a day: `python sketch.py PORT API DATABASE`. The measure of what ours adds.

For every call: a key, one Cedar policy, one budget in memory, and a row in SQLite that is on disk before the answer
leaves; rows are committed in groups. Leaves out what makes a journal provable and an answer safe: screening, the tree,
proofs, templates, budgets that outlive the process. Imports nothing of Allotment.
"""

import asyncio
import queue
import sqlite3
import sys
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp  # noqa: TID251 - a measuring rod, outside the product
import cedarpy
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_POLICIES = cedarpy.PolicySet.from_str(
    'permit (principal is Person, action == Action::"ask", resource is Model) when { principal.may_ask };'
)
_ENTITIES = cedarpy.Entities.from_json_str(
    '[{"uid": {"type": "Person", "id": "p"}, "attrs": {"may_ask": true}, "parents": []}]'
)
_ASKED = {
    "principal": {"type": "Person", "id": "p"},
    "action": {"type": "Action", "id": "ask"},
    "resource": {"type": "Model", "id": "m"},
}
_BUDGET, _GROUP = 10**12, 512
_TABLE = (
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, at REAL, person TEXT, bytes_in INTEGER, bytes_out INTEGER)"
)
_INSERT = "INSERT INTO entry (at, person, bytes_in, bytes_out) VALUES (?, ?, ?, ?)"

Row = tuple[float, str, int, int]


class Recorder:
    """Commits rows in groups, in a thread of its own; `record` returns when the row is on disk."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting: queue.SimpleQueue[tuple[Row, asyncio.Future[None]]] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to write."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._write, args=(loop,), daemon=True).start()

    async def record(self, row: Row) -> None:
        """Write a row, with others."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.put((row, written))
        await written

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(_TABLE)
        while True:
            group = [self._waiting.get()]
            while len(group) < _GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            database.execute("BEGIN")
            database.executemany(_INSERT, [row for row, _ in group])
            database.execute("COMMIT")
            loop.call_soon_threadsafe(_tell, [written for _, written in group])


def _tell(written: list[asyncio.Future[None]]) -> None:
    for one in written:
        if not one.done():
            one.set_result(None)


def application(api: str, path: str) -> Starlette:
    """Return the gateway in front of `api`."""
    recorder, sessions, used = Recorder(path), list[aiohttp.ClientSession](), [0]

    @asynccontextmanager
    async def running(_: Starlette) -> "AsyncIterator[None]":
        recorder.start()
        sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        yield
        await sessions[0].close()

    async def chat(request: Request) -> Response:
        body = await request.body()
        may = cedarpy.is_authorized({**_ASKED, "context": "{}"}, _POLICIES, _ENTITIES)
        if not may.allowed or used[0] + len(body) > _BUDGET:
            return Response(status_code=403)
        used[0] += len(body)
        headers = {"Content-Type": "application/json"}
        async with sessions[0].post(f"{api}/chat/completions", data=body, headers=headers) as answer:
            answered = await answer.read()
        used[0] += len(answered)
        await recorder.record((time.time(), "p", len(body), len(answered)))
        return Response(answered, media_type="application/json")

    async def health(_: Request) -> Response:
        return Response("ok")

    routes = [Route("/v1/chat/completions", chat, methods=["POST"]), Route("/health", health)]
    return Starlette(routes=routes, lifespan=running)


if __name__ == "__main__":
    port, address, file = sys.argv[1:]
    uvicorn.run(
        application(address, file), host="127.0.0.1", port=int(port), log_level="warning", access_log=False
    )
