"""The floor: an ASGI application that only hands a question on. `python -m benchmarks.passing_through PORT PROVIDER`.

Nothing is checked, counted or written down: what a governed call costs beyond this is what governing costs.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp  # noqa: TID251 - a measuring rod, outside the product
import uvicorn

_JSON = [(b"content-type", b"application/json")]


class PassingThrough:
    """Sends the body of every request to one address and its answer back."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            await _answer(send, b"{}")
            return
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {"Content-Type": "application/json"}
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            await _answer(send, await answer.read())


async def _answer(send: Callable[[dict[str, Any]], Awaitable[None]], body: bytes) -> None:
    headers = [*_JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    port, provider = int(sys.argv[1]), int(sys.argv[2])
    application = PassingThrough(f"http://127.0.0.1:{provider}/v1/chat/completions")
    uvicorn.run(
        application, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off"
    )
