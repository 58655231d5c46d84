"""A browser and real servers for journeys."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.serving import PASSWORD, Server, serving

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
PHONE = {"width": 390, "height": 844}
ROLES = ("colleague", "maker", "steward", "reviewer", "officer", "auditor", "administrator")
FAILING_QUESTION = "Please fail."
LINGERING_QUESTION = "Please take your time."
_PATIENCE_MILLISECONDS = 90_000
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Address:
    """One address of the site; see `tests.journeys.addresses`."""

    route: str
    path: str
    action: str
    roles: tuple[str, ...]
    for_strangers: bool
    names_object: bool


@dataclass(frozen=True)
class Scene:
    """A served installation with one of everything."""

    server: Server
    everyone: str
    """E-mail address of somebody with every role."""
    apps: dict[str, str]
    addresses: tuple[Address, ...]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Ends with its module: Playwright's event loop would keep others off the ORM."""
    path = next(path for path in CHROMIUM if Path(path).exists())
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A served installation with a person of every role and a published app; the scripted model answers."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One installation with one of everything, for journeys that only look or make what is their own."""
    home = tmp_path_factory.mktemp("scene")
    script = home / "script.json"
    script.write_text(
        json.dumps(
            [
                {"when": FAILING_QUESTION, "failure": "400"},
                {"when": LINGERING_QUESTION, "failure": "hang"},
            ]
        )
    )
    server = Server(home)
    planted = server.plant("tests.journeys.scenery", scripted={"script": str(script)})
    found = [Address(**{**address, "roles": tuple(address["roles"])}) for address in planted["addresses"]]
    try:
        server.start()
        yield Scene(server, planted["everyone"], planted["apps"], tuple(found))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def pages(chromium: Browser, scene: Scene) -> tuple[Address, ...]:
    """Those addresses that answer somebody with every role with a page, not with a file or a refusal."""
    context = chromium.new_context(base_url=scene.server.url)
    context.set_default_timeout(_PATIENCE_MILLISECONDS)
    sign_in(context.new_page(), scene.everyone)
    found = [one for one in scene.addresses if one.route != "account_logout" and _is_page(context, one.path)]
    context.close()
    return tuple(found)


def _is_page(context: BrowserContext, path: str) -> bool:
    answer = context.request.get(path, max_redirects=0)
    is_html = "text/html" in answer.headers.get("content-type", "")
    return is_html and answer.status == 200 and "<html" in answer.text()


def sign_in(page: Page, email: str) -> Page:
    """Sign in through the page."""
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


def open_page(chromium: Browser, server: Server, email: str, **context: Any) -> Page:
    """Return a watched page, signed in as `email`."""
    return sign_in(watched(chromium.new_context(base_url=server.url, **context)), email)


_complaints: list[str] = []


@pytest.fixture(autouse=True)
def browser_does_not_complain() -> Iterator[None]:
    """Fail a test whose watched pages raised errors or wrote them to the console."""
    _complaints.clear()
    yield
    assert _complaints == []


def watched(context: BrowserContext) -> Page:
    """Return a new page whose complaints fail the test."""
    context.set_default_timeout(_PATIENCE_MILLISECONDS)
    page = context.new_page()
    page.on("pageerror", lambda error: _complaints.append(f"{page.url} raised {error}"))
    page.on("console", lambda message: _note_complaint(page, message))
    return page


def _note_complaint(page: Page, message: ConsoleMessage) -> None:
    """Keep an error of the console, but not the one Chromium writes for each refused request."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        _complaints.append(f"{page.url} complained: {message.text}")
