"""Every way in names its authority. Pages × roles are walked in `tests/policies/test_routes.py`."""

from dataclasses import replace

import pytest
from django.urls import URLPattern, get_resolver, path
from starlette.requests import Request
from starlette.responses import Response

from allotment.engine.actions import Action
from allotment.gateway.routes import ROUTES, Governed, starlette_routes
from allotment.policies.authority import needed_for
from allotment.web.declaring import declares


def is_governed(route: Governed) -> bool:
    """Whether a route of the gateway names an action, or else says why everybody may call it."""
    return isinstance(route.action, Action) != bool(route.public_because.strip())


def names_authority(pattern: URLPattern) -> bool:
    """Whether the view behind a page's route names its authority."""
    match = pattern.resolve(str(pattern.pattern))
    return match is not None and needed_for(match) is not None


async def _endpoint(_: Request) -> Response:
    return Response()


def test_every_gateway_route_names_its_authority() -> None:
    assert [route.path for route in ROUTES if not is_governed(route)] == []


def test_the_gateway_serves_only_what_stands_in_its_table() -> None:
    served = [route.path for route in starlette_routes()]
    assert served == [route.path for route in ROUTES if route.endpoint is not None]


def test_every_page_stands_in_the_map_that_is_walked() -> None:
    assert len(list(get_resolver().url_patterns)) >= 7


@pytest.mark.parametrize(
    "planted",
    [
        Governed("/planted", _endpoint, None),
        Governed("/planted", _endpoint, None, public_because="  "),
        replace(ROUTES[-1], public_because="and public too"),
    ],
)
def test_a_planted_route_without_authority_is_found(planted: Governed) -> None:
    assert not is_governed(planted)


def test_a_planted_page_without_authority_is_found() -> None:
    assert not names_authority(path("planted/", lambda _request: None))
    assert names_authority(path("planted/", declares(Action.SEE_APP)(lambda _request: None)))
