"""The events of a run as server-sent events (WHATWG HTML §9.2).

Invariant: read-only. `Last-Event-ID` replays what was missed; nothing here starts or repeats a run.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from allotment.gateway.sessions import signed_in_actor
from allotment.kernel.errors import AllotmentError, Erased
from allotment.runs.events import Event, after, bell
from allotment.runs.queries import is_over, require_visible
from allotment.web.worker_threads import database_work

_POLL_SECONDS = 1.0
"""Events of a run that another process executes are noticed this late."""
_KEEP_ALIVE_POLLS = 15
_FINAL_KINDS = frozenset({"done", "failed"})


async def follow_run(request: Request) -> Response:
    """Stream one run's events to somebody who may see it."""
    run: UUID = request.path_params["run_id"]
    last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    try:
        await anyio.to_thread.run_sync(_check, request, run)
    except AllotmentError as error:
        return PlainTextResponse(error.message, status_code=error.status)
    return StreamingResponse(
        _stream(run, int(last) if last.isdigit() else 0),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _check(request: Request, run: UUID) -> None:
    with database_work():
        require_visible(run, signed_in_actor(request))


def _read(run: UUID, number: int) -> tuple[tuple[Event, ...], bool]:
    """Return the events after `number`, and whether no more will come."""
    with database_work():
        ended = is_over(run)  # asked first: an event stored in between is read below
        try:
            return after(run, number), ended
        except Erased as erased:
            told = {"state": "failed", "message": erased.message}
            return (Event(number + 1, "failed", told),), True


async def _stream(run: UUID, number: int) -> AsyncIterator[str]:
    rung = anyio.Event()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(lambda: rung.set())  # noqa: PLW0108 - `rung` is replaced below

    bell.hang(run, wake)
    try:
        quiet = 0
        yield "retry: 1000\n\n"
        while True:
            rung = anyio.Event()
            events, ended = await anyio.to_thread.run_sync(_read, run, number)
            for event in events:
                number = event.number
                yield f"id: {event.number}\nevent: {event.kind}\ndata: {json.dumps(event.payload)}\n\n"
            if any(event.kind in _FINAL_KINDS for event in events):
                return
            quiet = 0 if events else quiet + 1
            if ended and quiet > 1:  # a second look: the last event follows the final state by a moment
                return
            if quiet >= _KEEP_ALIVE_POLLS:
                quiet = 0
                yield ": still here\n\n"
            with anyio.move_on_after(_POLL_SECONDS):
                await rung.wait()
    finally:
        bell.take_down(run, wake)
