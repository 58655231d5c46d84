"""The gateway's routes. Each names the action it needs, or says that it is public and why."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from allotment.engine.actions import Action
from allotment.gateway.assets import serve_asset
from allotment.gateway.chat.door import COMPLETIONS, MODELS
from allotment.gateway.chat.receipts import RECEIPTS
from allotment.gateway.health import health, metrics
from allotment.gateway.run_events import follow_run

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Governed:
    """A route with its authority: an action, or the reason why everybody may call it."""

    path: str
    endpoint: Endpoint | None
    """None for what `chat.door` answers, ahead of all middleware."""
    action: Action | None
    public_because: str = ""


ROUTES: tuple[Governed, ...] = (
    Governed("/assets/{path:path}", serve_asset, None, "style and scripts hold nothing of anybody"),
    Governed(
        "/health",
        health,
        None,
        "load balancers have no account; it says up or not; more to this machine only",
    ),
    Governed("/metrics", metrics, None, "served to this machine only"),
    Governed("/events/runs/{run_id:uuid}", follow_run, Action.SEE_RUN),
    Governed(COMPLETIONS, None, Action.USE_KEY),
    Governed(MODELS, None, Action.USE_KEY),
    Governed(f"{RECEIPTS}{{id}}", None, Action.USE_KEY),
)


def starlette_routes() -> list[Route]:
    """Return the routes that Starlette serves."""
    return [Route(one.path, one.endpoint, methods=["GET"]) for one in ROUTES if one.endpoint is not None]
