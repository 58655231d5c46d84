"""Every route of the site, against every role: each names its authority, and the gatekeeper keeps to the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.converters import IntConverter, PathConverter, SlugConverter, StringConverter, UUIDConverter

from allotment.engine.actions import Action
from allotment.engine.principals import Role
from allotment.policies.authority import needed_for
from tests.conftest import MakePerson, SignIn
from tests.policies.expected import roles_expected_for

SAMPLES = {
    IntConverter: "1",
    PathConverter: "a/b",
    SlugConverter: "a-b",
    StringConverter: "ab",
    UUIDConverter: str(UUID(int=7)),
}


@dataclass(frozen=True)
class Route:
    """One route with an address that reaches it."""

    pattern: str
    address: str

    @property
    def action(self) -> Action | None:
        return needed_for(resolve(self.address))


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[Route]:
    for entry in patterns:
        text = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, text)
        else:
            yield Route("/" + text, "/" + _filled(text))


def _filled(text: str) -> str:
    """Replace each `<kind:name>` by a value its converter takes."""
    filled = ""
    for part in text.split("<"):
        inside, closing, after = part.partition(">")
        kind = inside.partition(":")[0] if ":" in inside else "str"
        filled += _sample(kind) + after if closing else part
    return filled


def _sample(kind: str) -> str:
    names = {"int": IntConverter, "path": PathConverter, "slug": SlugConverter, "uuid": UUIDConverter}
    return SAMPLES[names.get(kind, StringConverter)]


ROUTES = list(_routes(get_resolver().url_patterns))


def test_there_are_routes_to_look_at() -> None:
    assert {"/people/", "/policies/", "/sign-in/"} <= {route.pattern for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_every_route_names_its_authority(route: Route) -> None:
    assert isinstance(route.action, Action)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [None, *Role])
def test_nobody_gets_past_the_gatekeeper_who_should_not(
    client: Client, signed_in: SignIn, role: Role | None
) -> None:
    signed_in(client, roles=(role,) if role else ())
    opened = []
    for route in ROUTES:
        action = route.action
        assert action is not None
        if (role in roles_expected_for(action)) if role else _is_for_everyone(action):
            continue
        if client.get(route.address, headers={"Accept": "application/problem+json"}).status_code != 403:
            opened.append(route.pattern)
    assert opened == []


@pytest.mark.django_db
def test_strangers_reach_only_the_pages_of_signing_in(client: Client) -> None:
    opened = [
        route.pattern
        for route in ROUTES
        if route.action is not Action.SIGN_IN
        and not client.get(route.address).headers.get("Location", "").startswith("/sign-in/?next=")
    ]
    assert opened == []


@pytest.mark.django_db
def test_the_administrator_of_a_team_of_one_reaches_every_page_of_making(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    signed_in(client, person(roles=("administrator", "maker", "steward", "officer")))
    refused = [
        route.pattern
        for route in ROUTES
        if "<" not in route.pattern
        and route.action is not Action.REVIEW_APP
        and client.get(route.address).status_code == 403
    ]
    assert refused == []


def _is_for_everyone(action: Action) -> bool:
    return roles_expected_for(action) == set(Role) and action.value.partition(".")[0] in {
        "account",
        "home",
        "gallery",
    }
