"""Health for load balancers and for whoever looks after the machine, metrics for Prometheus.

Invariant: what everybody may ask says up or not and looks at nothing, so that a slow database never ends a process.
Refuses: details to anybody but this machine; they tell how the installation is doing. A proxy on this machine asks from
here too, so whoever asks must also call this machine by a name it has for itself, and bring no word of a proxy.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from allotment.journal.sequencing import State, state
from allotment.web.worker_threads import database_work

# RFC 9110 §7.6.3, RFC 7239, and what proxies send that know neither.
_OF_PROXIES: Final = frozenset(
    {"via", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
)


async def health(request: Request) -> Response:
    """Say that this process answers; with `?detail`, on this machine, also what does not go on and why.

    Both answer 200: a process that serves is not ended because its journal is not signed.
    """
    if "detail" not in request.query_params:
        return PlainTextResponse("ok")
    if not _is_here(request):
        return _refuse("Details are told to this machine only.")
    journal = await anyio.to_thread.run_sync(_journal)
    return JSONResponse(
        {
            "status": "degraded" if journal.trouble else "ok",
            "journal": {
                "signed": journal.signed,
                "size": journal.size,
                "waiting": journal.waiting,
                "signed_at": journal.signed_at.isoformat() if journal.signed_at else None,
                "trouble": journal.trouble,
                "remedy": journal.remedy,
            },
        },
        headers={"Cache-Control": "no-store"},
    )


async def metrics(request: Request) -> Response:
    """Serve Prometheus metrics to this machine only: they tell how much is going on."""
    if not _is_here(request):
        return _refuse("Metrics are served to this machine only.")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _refuse(why: str) -> Response:
    return PlainTextResponse(f"{why} Ask from it, not through a proxy, at 127.0.0.1.", status_code=403)


def _is_here(request: Request) -> bool:
    """Whether this machine asks, and no proxy on it asks for somebody else."""
    try:
        asked = urlsplit(f"//{request.headers.get('host', '')}").hostname
        return (
            request.client is not None
            and ipaddress.ip_address(request.client.host).is_loopback
            and (asked == "localhost" or ipaddress.ip_address(asked or "").is_loopback)
            and _OF_PROXIES.isdisjoint(request.headers.keys())
        )
    except ValueError:  # a name, where an address was looked for, or nonsense
        return False


def _journal() -> State:
    with database_work():
        return state()
