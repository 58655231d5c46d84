"""The custom elements, each in a real Chromium against a small scripted server."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from allotment.web import assets
from allotment.web.middleware import CONTENT_SECURITY_POLICY

ORIGIN = "http://allotment.test"

pytestmark = pytest.mark.browser


@dataclass
class Site:
    """A page to show, answers by path, and the requests that came."""

    body: str = ""
    answers: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0]
        found = assets.asset(path.removeprefix(assets.PREFIX))
        if found is not None:
            route.fulfill(body=found.body, content_type=found.content_type)
        elif path == "/":
            scripts = "".join(
                f'<script type="module" src="{assets.asset_url(name)}"></script>'
                for name in assets.element_names()
            )
            route.fulfill(
                body=f"<!doctype html><title>t</title>{scripts}<body>{self.body}",
                content_type="text/html",
                headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
            )
        else:
            self.requests.append(route.request)
            status, content_type, body = self.answers.get(path, (204, "text/plain", ""))
            route.fulfill(status=status, content_type=content_type, body=body)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def show(chromium: Browser, site: Site) -> Callable[[str], Page]:
    def open_(body: str) -> Page:
        site.body = body
        page = chromium.new_page()
        page.route("**/*", site.serve)
        page.goto(f"{ORIGIN}/")
        return page

    return open_


Show = Callable[[str], Page]


def event(name: str, number: int, **data: object) -> str:
    """Return one server-sent event."""
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def test_a_run_shows_text_as_text_and_ends_on_its_page(show: Show, site: Site) -> None:
    site.answers["/events"] = (
        200,
        "text/event-stream",
        event("progress", 1, words="Step 1 of 2")
        + event("text", 2, text="Dear <img src=x onerror=alert(1)> ")
        + event("text", 2, text="Dear <img src=x onerror=alert(1)> ")
        + event("text", 3, text="you"),
    )
    page = show('<run-stream src="/events"><p data-progress></p><p data-text></p></run-stream>')
    expect(page.locator("[data-progress]")).to_have_text("Step 1 of 2")
    expect(page.locator("[data-text]")).to_have_text("Dear <img src=x onerror=alert(1)> you")
    assert page.locator("img").count() == 0


def test_a_finished_run_opens_its_page(show: Show, site: Site) -> None:
    site.answers["/events"] = (200, "text/event-stream", event("done", 1))
    site.answers["/finished"] = (200, "text/html", "<p>Finished</p>")
    page = show('<run-stream src="/events" data-done="/finished"></run-stream>')
    page.wait_for_url(f"{ORIGIN}/finished")


def test_changes_are_saved_once_after_a_pause(show: Show, site: Site) -> None:
    page = show('<auto-save><form action="/save" method="post"><input name="title"></form></auto-save>')
    page.locator("input").evaluate(
        "input => { for (const typed of ['R', 'Refu', 'Refunds']) {"
        " input.value = typed; input.dispatchEvent(new Event('input', {bubbles: true})) } }"
    )
    expect(page.get_by_role("status")).to_have_text("Saved")
    assert [request.url for request in site.requests] == [f"{ORIGIN}/save"]
    assert 'name="title"\r\n\r\nRefunds' in (site.requests[0].post_data or "")


def test_a_refused_save_says_why_and_keeps_the_words(show: Show, site: Site) -> None:
    site.answers["/save"] = (
        409,
        "application/problem+json",
        '{"detail": "Jonas saved first.", "hint": "Compare."}',
    )
    page = show('<auto-save><form action="/save" method="post"><input name="title"></form></auto-save>')
    page.locator("input").fill("Refunds")
    expect(page.get_by_role("status")).to_have_text("Not saved. Jonas saved first. Compare.")
    expect(page.locator("input")).to_have_value("Refunds")


def test_arrow_keys_move_an_item_and_send_the_order(show: Show, site: Site) -> None:
    items = "".join(f'<li data-key="{key}"><button data-handle>{key}</button></li>' for key in "abc")
    page = show(f'<sortable-list data-order-url="/order"><ol>{items}</ol></sortable-list>')
    page.get_by_role("button", name="c").focus()
    with page.expect_request("**/order"):
        page.keyboard.press("ArrowUp")
    expect(page.locator("li")).to_have_text(["a", "c", "b"])
    expect(page.get_by_role("button", name="c")).to_be_focused()
    assert [request.url for request in site.requests] == [f"{ORIGIN}/order"]


def test_arrow_keys_press_the_items_own_button_when_there_is_no_order_address(show: Show, site: Site) -> None:
    page = show(
        "<sortable-list><ol><li>a</li><li><span data-handle tabindex=0>b</span>"
        '<form action="/up"><button data-move="up">Up</button></form></li></ol></sortable-list>'
    )
    with page.expect_request("**/up*"):
        page.locator("[data-handle]").press("ArrowUp")
    assert [request.url.split("?")[0] for request in site.requests] == [f"{ORIGIN}/up"]


def test_a_sent_form_holds_its_button_and_still_sends_its_value(show: Show, site: Site) -> None:
    site.answers["/run"] = (204, "text/plain", "")
    page = show(
        '<form action="/run"><busy-button><button name="what" value="once">Run</button></busy-button></form>'
    )
    with page.expect_request("**/run?*") as sent:
        page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("Working…")
    expect(page.get_by_role("button")).to_be_disabled()
    assert sent.value.url == f"{ORIGIN}/run?what=once"


def test_a_chosen_file_is_named(show: Show) -> None:
    page = show(
        '<drop-file><input type="file"><p class="drop-words"><span>Drop a file</span></p></drop-file>'
    )
    page.locator("input").set_input_files(
        {"name": "sales.csv", "mimeType": "text/csv", "buffer": b"a,b\n" * 700}
    )
    expect(page.locator(".drop-words")).to_have_text("sales.csv · 3 kB")


def test_a_file_that_is_too_large_is_said_before_it_is_sent(show: Show) -> None:
    page = show('<drop-file data-most="1000" data-too-large="Too large."><input type="file"></drop-file>')
    chosen = page.locator("input")
    for size, words in ((1001, "Too large."), (1000, "")):
        chosen.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a" * size})
        assert chosen.evaluate("input => input.validationMessage") == words


def test_copying_says_so(show: Show) -> None:
    page = show(
        '<p id="answer">Dear you</p><copy-button data-from="#answer"><button>Copy</button></copy-button>'
    )
    page.evaluate(
        "navigator.__defineGetter__('clipboard', () => ({writeText: async (text) => { window.copied = text }}))"
    )
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("window.copied") == "Dear you"
