"""Every page, light and dark, wide and on a phone: axe finds nothing, nothing sticks out, nothing complains."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import LINGERING_QUESTION, PHONE, Address, Scene, open_page, watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

WIDE = {"width": 1280, "height": 900}
NARROWEST = {"width": 320, "height": 640}
LOOKS = [
    pytest.param(WIDE, "light", id="wide and light"),
    pytest.param(PHONE, "dark", id="phone and dark"),
]
_STICKS_OUT = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Visitor:
    """Opens pages one after the other and collects what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.seen = 0
        self._axe = Axe()

    def visit(self, path: str) -> None:
        """Open a page and examine it."""
        self.page.goto(path)
        self.look(path)

    def look(self, name: str) -> None:
        """Examine the page that is open."""
        self.seen += 1
        if self.page.locator("h1").count() != 1:
            self.wrong.append(f"{name}: {self.page.locator('h1').count()} main headings")
        for violation in self._axe.run(self.page).response["violations"]:
            self.wrong.append(f"{name}: {violation['id']}: {violation['nodes'][0]['html'][:200]}")
        self._refuse_sticking_out(name)
        size = self.page.viewport_size
        if size == PHONE:
            self.page.set_viewport_size(NARROWEST)
            self._refuse_sticking_out(name)
            self.page.set_viewport_size(PHONE)

    def _refuse_sticking_out(self, name: str) -> None:
        if self.page.evaluate(_STICKS_OUT):
            self.wrong.append(f"{name}: sticks out at {self.page.viewport_size}")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    chromium: Browser, scene: Scene, pages: tuple[Address, ...], size: dict[str, int], scheme: str
) -> None:
    page = open_page(
        chromium, scene.server, scene.everyone, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    )
    visitor = Visitor(page)
    for address in pages if size == WIDE else _one_of_each(pages):
        visitor.visit(address.path)
    visitor.visit("/there-is-nothing-here/")
    page.context.close()
    assert "\n".join(visitor.wrong) == ""
    assert visitor.seen > 40


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_axe_finds_nothing_before_signing_in(
    chromium: Browser, scene: Scene, size: dict[str, int], scheme: str
) -> None:
    context = chromium.new_context(
        base_url=scene.server.url, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    )
    visitor = Visitor(watched(context))
    for address in scene.addresses:
        if address.for_strangers and address.route not in {"account_logout", "web:asset"}:
            visitor.visit(address.path)
    visitor.visit("/set-up/a-link-nobody-made/")
    visitor.page.goto("/sign-in/")
    visitor.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    visitor.look("signing in with nothing typed")
    context.close()
    assert "\n".join(visitor.wrong) == ""
    assert visitor.seen >= 4


def test_axe_finds_nothing_on_a_refusal_and_while_a_run_works(chromium: Browser, scene: Scene) -> None:
    page = open_page(chromium, scene.server, "colleague@example.org", reduced_motion="reduce")
    visitor = Visitor(page)
    visitor.visit("/people/")
    page.goto("/apps/customer-reply/")
    visitor.page.get_by_role("button", name="Run", exact=True).click()
    visitor.look("a form that was sent empty")
    page.get_by_label("What did the customer write?").fill(LINGERING_QUESTION)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/**")
    visitor.look("a run at work")
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    visitor.look("a cancelled run")
    page.context.close()
    assert "\n".join(visitor.wrong) == ""


def _one_of_each(pages: tuple[Address, ...]) -> list[Address]:
    """Return one page of each route, and each of its parts; the wide look has seen them for every app."""
    kept = {(page.route, page.path.rstrip("/").rpartition("/")[2]): page for page in reversed(pages)}
    return list(kept.values())
