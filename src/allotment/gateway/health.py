"""Health for load balancers, metrics for Prometheus."""

import ipaddress

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


async def health(_: Request) -> Response:
    """Say that this process answers."""
    return PlainTextResponse("ok")


async def metrics(request: Request) -> Response:
    """Serve Prometheus metrics to this machine only: they tell how much is going on."""
    host = request.client.host if request.client else ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here or "x-forwarded-for" in request.headers:
        return PlainTextResponse("Metrics are served to this machine only.", status_code=403)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
