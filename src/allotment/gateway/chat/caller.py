"""The other end of a request: reading what it sends, and noticing when it is gone.

Invariant: nothing larger than a megabyte is kept, and nobody may take forever to send it. When a caller goes away,
the task that works for them is cancelled, and with it the call at the provider.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Final

from starlette.types import Receive

from allotment.kernel.deadlines import Deadline, Deadlines
from allotment.kernel.errors import AllotmentError, TooLarge

MOST_BYTES: Final = 1024 * 1024
PATIENCE_SECONDS: Final = 20.0
_LISTENS_AFTER_SECONDS: Final = 0.05
"""Most answers of a fast model are there before listening would have been worth its task."""

_deadlines = Deadlines(PATIENCE_SECONDS)
_moments = Deadlines(_LISTENS_AFTER_SECONDS)


class Gone(Exception):
    """The caller went away; there is nobody to answer."""


class TooSlow(AllotmentError):
    """The caller took too long to send the request."""

    code = "timeout"
    status = 408


async def body_of(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytearray:
    """Return the body; raises `TooLarge`, `TooSlow`, or `Gone`."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value) > MOST_BYTES:
            raise _too_large()
    try:
        with Deadline(_deadlines):
            return await _whole(receive)
    except TimeoutError as error:
        raise TooSlow(
            f"This request was not there within {PATIENCE_SECONDS:.0f} seconds.", hint="Send it again."
        ) from error


async def _whole(receive: Receive) -> bytearray:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return body


class Caller:
    """Cancels the block it guards when the caller goes away, and then raises `Gone` in its place."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_gone = False
        self._listening: asyncio.Task[None] | None = None
        self.at = float("inf")

    def __enter__(self) -> None:
        """Listen from in a moment on."""
        self._working = asyncio.current_task()
        self.at = _moments.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to listen."""
        _moments.remove(self)
        if self._listening is not None:
            self._listening.cancel()
        if self._is_gone and self._working is not None:
            self._working.uncancel()
            raise Gone from error

    def expire(self) -> None:
        """Begin to listen: the answer takes long."""
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._working is not None:
            self._working.cancel()


def _too_large() -> TooLarge:
    return TooLarge(
        "This request is larger than one megabyte.", hint="Send less text, or ask several questions."
    )
