"""The main job on the practice model, in a browser and again on a phone: from a sentence to a past result."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import PHONE, sign_in, watched
from tests.serving import PASSWORD, Server
from tests.weights import practice_weights
from tests.weights_place import MODEL_FILE

pytestmark = [pytest.mark.browser, pytest.mark.practice, pytest.mark.timeout(900)]

NEED = "I need a tool that writes polite replies to customers' questions and sorts them by topic"
QUESTION = (
    "I still have not received my new card, I ordered over a week ago. "
    "Please write to ada.lovelace@example.org when it is on its way."
)
ADDRESS = "ada.lovelace@example.org"
A_WHILE = 60_000
"""How long a small model may take on a busy machine, in milliseconds."""

_KEEP_WHAT_GROWS = """
new MutationObserver(() => {
  const place = document.querySelector("[data-text]");
  const seen = JSON.parse(sessionStorage.getItem("seen") ?? "[]");
  if (place && place.textContent && place.textContent !== seen.at(-1)) {
    sessionStorage.setItem("seen", JSON.stringify([...seen, place.textContent]));
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@dataclass(frozen=True)
class Screen:
    """A page and how a person presses on it."""

    page: Page
    is_phone: bool

    def press(self, what: Locator) -> None:
        """Tap or click."""
        if self.is_phone:
            what.tap()
        else:
            what.click()

    def open(self, name: str) -> None:
        """Press a link or a tab of the app."""
        self.press(self.page.get_by_role("main").get_by_role("link", name=name).first)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation made from nothing: no account, no app, only the practice model."""
    home = tmp_path_factory.mktemp("practice")
    (home / "models").mkdir()
    (home / "models" / MODEL_FILE).symlink_to(practice_weights())
    server = Server(home, extra={"ALLOTMENT_SCRIPTED_MODEL": "0"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def first_person(chromium: Browser, practice: Server) -> str:
    """Open the set-up link that the server printed and make the first account; returns its e-mail address."""
    link = re.search(r"http\S+/set-up/\S+", practice.log())
    assert link is not None
    page = watched(chromium.new_context(base_url=practice.url))
    page.goto(link[0])
    page.get_by_label("Your name").fill("Mira")
    page.get_by_label("E-mail").fill("mira@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account and sign in").click()
    expect(page.get_by_label("Describe your app")).to_be_visible()
    page.goto(link[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    page.context.close()
    return "mira@example.org"


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
def test_main_job_from_a_sentence_to_a_past_result(
    chromium: Browser, practice: Server, first_person: str, is_phone: bool
) -> None:
    options = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if is_phone else {}
    page = watched(chromium.new_context(base_url=practice.url, **options))
    screen = Screen(sign_in(page, first_person), is_phone)
    _describe(screen)
    _try_the_sample(screen)
    _follow_a_check(screen)
    _save_and_share(screen)
    _ask_a_real_question(screen)
    _find_it_again(screen)
    page.context.close()


def _describe(screen: Screen) -> None:
    page = screen.page
    page.get_by_label("Describe your app").fill(NEED)
    screen.press(page.get_by_role("button", name="Make it"))
    page.wait_for_url("**/build/", timeout=A_WHILE)
    expect(page.get_by_role("heading", name="What it does")).to_be_visible()
    expect(page.locator("#preview-form").get_by_label("What did the customer write?")).not_to_be_empty()


def _try_the_sample(screen: Screen) -> None:
    result = screen.page.locator("#preview-result")
    screen.press(screen.page.locator("#preview-form").get_by_role("button", name="Run"))
    expect(result.get_by_role("heading", name="Receipt")).to_be_visible(timeout=A_WHILE)
    expect(result.get_by_role("heading", name="Draft reply")).to_be_visible()


def _follow_a_check(screen: Screen) -> None:
    """Make a mistake, see it in the checks, and mend it with one click."""
    page, checks = screen.page, screen.page.locator("#checks")
    expect(checks.get_by_text("Only approved templates")).to_be_visible()
    screen.press(page.get_by_role("link", name="Edit sentence 1", exact=True))
    screen.press(page.locator("#what").get_by_label("It must be filled in").first)
    screen.press(page.locator("#what").get_by_role("button", name="Done", exact=True).last)
    expect(page.locator("#what .editor")).to_have_count(0)
    expect(checks.get_by_text("may stay empty, but a step needs it")).to_be_visible()
    screen.press(checks.get_by_role("button", name="Make it required"))
    expect(checks.get_by_text("may stay empty")).to_have_count(0)


def _save_and_share(screen: Screen) -> None:
    page = screen.page
    screen.press(page.get_by_text("Save as a version", exact=True))
    screen.press(page.get_by_role("button", name="Save this version"))
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    screen.press(page.get_by_role("link", name="Publish it"))
    screen.press(page.get_by_label("Only me"))
    screen.press(page.get_by_role("button", name="Share version 1"))
    expect(page.get_by_text("Version 1 is published.")).to_be_visible()


def _ask_a_real_question(screen: Screen) -> None:
    page = screen.page
    page.context.add_init_script(_KEEP_WHAT_GROWS)
    screen.open("Run once")
    page.get_by_label("What did the customer write?").fill(QUESTION)
    page.get_by_label("Our line of business").select_option("banking")
    screen.press(page.get_by_role("button", name="Run", exact=True))
    page.wait_for_url("**/runs/**")
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible(timeout=A_WHILE)
    seen: list[str] = page.evaluate("JSON.parse(sessionStorage.getItem('seen') ?? '[]')")
    assert seen, "nothing of the answer was there before the receipt"
    assert [len(text) for text in seen] == sorted({len(text) for text in seen})
    _expect_receipt(page)


def _expect_receipt(page: Page) -> None:
    receipt = page.locator(".card", has=page.get_by_role("heading", name="Receipt"))
    for words in (
        "version 1",
        "Practice model",
        "tokens in",
        "free",
        "masked: 1",
        "journal entry",
        "masked on the way out",
    ):
        expect(receipt).to_contain_text(words)
    expect(page.get_by_text("was masked before it reached the model")).to_be_visible()


def _find_it_again(screen: Screen) -> None:
    page = screen.page
    here = page.url
    screen.open("Past results")
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("Done")
    screen.press(row.get_by_role("link"))
    page.wait_for_url(here)
    expect(page.get_by_label("What did the customer write?")).to_have_value(QUESTION)
