"""The portal: how synchronous code (pages, durable steps, the command line) calls the asynchronous gate.

Invariant: one event loop per process runs the gate. The server lends its own loop; the command line
starts one in a thread. Refuses: being entered from the loop it leads to (that would deadlock), and being
entered inside a database transaction (that would hold locks for as long as another machine likes).
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from allotment.kernel.errors import Unavailable

T = TypeVar("T")

_portal: BlockingPortal | None = None
_guard: Callable[[], None] | None = None


def use(portal: BlockingPortal | None) -> None:
    """Make `portal` the way in for this process (composition root only)."""
    global _portal  # noqa: PLW0603 - one of the two switches of this module
    _portal = portal


def guard_with(guard: Callable[[], None] | None) -> None:
    """Call `guard` in the calling thread before each passage; it raises when the caller may not wait.

    None lets every caller through (composition root only).
    """
    global _guard  # noqa: PLW0603
    _guard = guard


def call(function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
    """Run an async function on the gate's loop and wait for its result."""
    if _portal is None:
        raise Unavailable("The gate is not running.", hint="Start the server with `allotment up`.")
    if _guard is not None:
        _guard()
    return _portal.call(function, *arguments)


@contextmanager
def own_loop() -> Iterator[BlockingPortal]:
    """Start a loop in a thread for processes without a server, and use it until the block ends."""
    with start_blocking_portal(backend_options={"use_uvloop": True}) as portal:
        use(portal)
        try:
            yield portal
        finally:
            use(None)
