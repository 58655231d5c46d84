"""Every route with real ids over HTTP, for every role and for strangers: the door opens as the policies say."""

import pytest
from playwright.sync_api import APIRequestContext, Browser

from tests.journeys.conftest import ROLES, Address, Scene, sign_in

pytestmark = pytest.mark.browser

_ANSWERS = {200, 204, 302, 400, 405, 422}
"""What a view may say to somebody who was let in: 405 where it only takes what a form sends."""
_OBJECT_REFUSED = {403, 404}
"""What a view may also say where the address names an object that is not this person's."""


def _is_right(address: Address, role: str, status: int) -> bool:
    if role not in address.roles:
        return status == 403
    return status in _ANSWERS or (address.names_object and status in _OBJECT_REFUSED)


def _answer(request: APIRequestContext, address: Address) -> tuple[int, str]:
    answer = request.get(address.path, max_redirects=0)
    return answer.status, answer.headers.get("location", "")


@pytest.mark.parametrize("role", ROLES)
def test_every_route_opens_for_a_role_as_the_policies_say(chromium: Browser, scene: Scene, role: str) -> None:
    context = chromium.new_context(base_url=scene.server.url)
    sign_in(context.new_page(), f"{role}@example.org").close()
    answers = [(address, _answer(context.request, address)[0]) for address in _all_but_leaving(scene)]
    context.close()
    wrong = [f"{one.path} says {status}" for one, status in answers if not _is_right(one, role, status)]
    assert wrong == []


def test_strangers_are_sent_to_the_sign_in_page_from_every_route_but_its_own(
    chromium: Browser, scene: Scene
) -> None:
    context = chromium.new_context(base_url=scene.server.url)
    wrong = []
    for address in scene.addresses:
        status, location = _answer(context.request, address)
        is_sent = status == 302 and location.startswith("/sign-in/?next=")
        if is_sent == address.for_strangers or status >= 500:
            wrong.append(f"{address.path} says {status} {location}")
    context.close()
    assert wrong == []


def test_the_scene_has_every_route_of_the_site(scene: Scene) -> None:
    """A guard on the guard: routes that need an object are visited with one."""
    routes = {address.route for address in scene.addresses}
    assert {
        "microapps:build_step",
        "prompts:decide",
        "runs:detail",
        "llms:connection",
        "people:set_up",
    } <= routes


def _all_but_leaving(scene: Scene) -> list[Address]:
    return [address for address in scene.addresses if address.route != "account_logout"]
