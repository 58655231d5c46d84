"""Health for load balancers and for whoever looks after the machine, metrics for Prometheus.

Invariant: what everybody may ask says up or not and looks at nothing, so that a slow database never ends a process.
Refuses: details to anybody but this machine; they tell how the installation is doing.
"""

import ipaddress

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from allotment.journal.sequencing import State, state
from allotment.web.worker_threads import database_work


async def health(request: Request) -> Response:
    """Say that this process answers; with `?detail`, on this machine, also what does not go on and why.

    Both answer 200: a process that serves is not ended because its journal is not signed.
    """
    if "detail" not in request.query_params:
        return PlainTextResponse("ok")
    if not _is_here(request):
        return PlainTextResponse("Details are told to this machine only.", status_code=403)
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
        return PlainTextResponse("Metrics are served to this machine only.", status_code=403)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _is_here(request: Request) -> bool:
    """Whether this machine asks, and no proxy on it asks for somebody else."""
    host = request.client.host if request.client else ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    return is_here and "x-forwarded-for" not in request.headers


def _journal() -> State:
    with database_work():
        return state()
