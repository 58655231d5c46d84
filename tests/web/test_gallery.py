"""The gallery in a real Chromium: no accessibility violation, no sideways scrolling, nothing the policy blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route, expect

from allotment.engine.actions import Action
from allotment.web import assets, navigation
from allotment.web.middleware import CONTENT_SECURITY_POLICY
from allotment.web.pages import gallery

ORIGIN = "http://allotment.test"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, with a long name."""

    name: str = "Rosa de la Cruz y Hernández"
    email: str = "rosa.de.la.cruz.hernandez@example.org"
    is_authenticated: bool = True


@pytest.fixture
def html(monkeypatch: pytest.MonkeyPatch) -> str:
    """The gallery as the server writes it, with every registered entry in the navigation."""
    here = navigation.NavEntry("Components", "web:gallery", "swatch", Action.SEE_GALLERY)
    monkeypatch.setitem(navigation._entries, here.url_name, here)
    monkeypatch.setattr(navigation, "_allowed", lambda _request, _action: True)
    request = RequestFactory().get("/gallery/")
    request.user = Visitor()
    return gallery(request).content.decode()


@pytest.fixture
def open_page(html: str, chromium: Browser) -> Iterator[Open]:
    """Return `open_page(width, scheme)`: the page with its own assets and policy, and no other network."""
    troubles: list[str] = []

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0]
        policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        found = assets.asset(path.removeprefix(assets.PREFIX))
        if path == "/gallery/":
            route.fulfill(body=html, content_type="text/html", headers=policy)
        elif found is not None:
            route.fulfill(body=found.body, headers={**policy, "Content-Type": found.content_type})
        else:
            route.fulfill(status=404)

    def open_(width: int = 1280, scheme: str = "light", *, script: bool = True) -> Page:
        page = chromium.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
        )
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.route("**/*", serve)
        page.goto(f"{ORIGIN}/gallery/")
        return page

    yield open_
    assert troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_violation(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(width, scheme)
    found = Axe().run(page, options={"runOnly": STANDARDS})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_nothing_scrolls_sideways(open_page: Open, width: int) -> None:
    page = open_page(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_menu_opens_without_a_script(open_page: Open) -> None:
    page = open_page(390, script=False)
    page.locator(".bar-fold summary").click()
    assert page.locator(".bar-fold a[aria-current=page]").is_visible()
    page.locator(".bar-end summary").click()
    assert page.get_by_role("button", name="Sign out").is_visible()


def test_a_menu_closes_on_escape_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page()
    page.locator(".bar-end summary").click()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Sign out").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_first_tab_stop_leads_to_the_content(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
