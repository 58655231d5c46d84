"""The builder by keyboard alone: every control is reached, focus is always seen, and nothing drops it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import Scene, open_page

pytestmark = pytest.mark.browser

_MOST_STOPS = 120
_HAS_FOCUS = "element => element === document.activeElement"
_SHOWS_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return true;
  const shown = [element, element.closest("label"), element.closest(".choice, .pick, .drop")].filter(Boolean);
  return shown.some((one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  });
}"""
_AT_WORK = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
_NAME_OF_FOCUS = "() => document.activeElement?.outerHTML.slice(0, 160)"


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, what: Locator) -> None:
        """Press Tab until `what` has the focus; fail when a stop on the way cannot be seen.

        Somebody waits for the page before going on: what they reached would be drawn anew under their hands.
        """
        expect(self.page.locator(_AT_WORK)).to_have_count(0)
        for _stop in range(_MOST_STOPS):
            if what.count() and what.first.evaluate(_HAS_FOCUS):
                return
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(_SHOWS_FOCUS), (
                f"focus is not seen: {self.page.evaluate(_NAME_OF_FOCUS)}"
            )
        raise AssertionError(f"{what} is not reached with Tab")

    def press(self, what: Locator) -> None:
        """Reach and press."""
        self.reach(what)
        self.page.keyboard.press("Enter")

    def write(self, what: Locator, text: str) -> None:
        """Reach a field and write over what it holds."""
        self.reach(what)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def expect_focus_inside(self, what: Locator) -> None:
        """Focus is in the part of the page where the work goes on, not lost to the top of the page."""
        expect(what.locator(":focus")).to_have_count(1)


@pytest.fixture
def keyboard(chromium: Browser, scene: Scene) -> Iterator[Keyboard]:
    """Somebody in the builder of an app that was just described, all by keyboard."""
    page = open_page(chromium, scene.server, scene.everyone, reduced_motion="reduce")
    keys = Keyboard(page)
    keys.write(
        page.get_by_label("Describe your app"),
        "I need polite replies to customers' questions, sorted by topic",
    )
    keys.press(page.get_by_role("button", name="Make it"))
    page.wait_for_url("**/build/")
    yield keys
    page.context.close()


def _sentences(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator("#what .step-words").all_inner_texts()]


def _edit(page: Page, number: int) -> Locator:
    return page.get_by_role("link", name=f"Edit sentence {number}", exact=True)


def _done(page: Page) -> Locator:
    return page.locator("#what").get_by_role("button", name="Done", exact=True)


def test_a_step_is_added_named_moved_and_removed_by_keyboard(keyboard: Keyboard) -> None:
    page, what = keyboard.page, keyboard.page.locator("#what")
    before = _sentences(page)
    keyboard.press(what.locator("summary", has_text="Add a step"))
    keyboard.press(what.get_by_role("button", name="Ask a model"))
    name = what.get_by_label("Call what comes out")
    expect(name).to_be_visible()
    keyboard.expect_focus_inside(what)
    keyboard.write(name, "second thoughts")
    keyboard.press(_done(page))
    expect(what.get_by_text("second thoughts").first).to_be_visible()
    keyboard.expect_focus_inside(what)
    assert len(_sentences(page)) == len(before) + 1
    _move_up_and_down(keyboard)
    keyboard.press(_edit(page, len(before)))
    keyboard.expect_focus_inside(what)
    keyboard.press(what.locator("summary", has_text="Remove this step"))
    keyboard.press(what.get_by_role("button", name="Yes, remove it"))
    expect(page.get_by_text("The step is gone.")).to_be_visible()
    assert _sentences(page) == before


def _move_up_and_down(keyboard: Keyboard) -> None:
    """The handle of a step moves it with the arrow keys and keeps the focus while the list is drawn anew."""
    page = keyboard.page
    as_was = _sentences(page)
    last = len(as_was) - 1
    handle = page.locator("#what [data-handle]").nth(-1)
    keyboard.reach(handle)
    moved = [*as_was[: last - 2], as_was[last - 1], as_was[last - 2], as_was[last]]
    for key, wanted in (("ArrowUp", moved), ("ArrowDown", as_was)):
        with page.expect_response(re.compile(r"/build/(\?.*)?$")):
            page.keyboard.press(key)
        expect(page.locator("#what .step-words").nth(last - 1)).to_have_text(
            wanted[last - 1], use_inner_text=True
        )
        expect(page.locator("#what [data-handle]:focus")).to_have_count(1)


def test_a_label_is_edited_and_the_preview_run_by_keyboard(keyboard: Keyboard) -> None:
    page, what = keyboard.page, keyboard.page.locator("#what")
    keyboard.press(_edit(page, 1))
    keyboard.expect_focus_inside(what)
    keyboard.write(what.get_by_label("What people read beside it").first, "What is it about?")
    keyboard.press(_done(page))
    expect(page.locator("#preview-form").get_by_label("What is it about?")).to_be_visible()
    keyboard.expect_focus_inside(what)
    keyboard.press(page.locator("#preview-form").get_by_role("button", name="Run"))
    expect(page.locator("#preview-result").get_by_role("heading", name="Receipt")).to_be_visible()
    assert page.evaluate("document.activeElement !== document.body"), "the answer took the focus away"
