"""Everything but live progress works without JavaScript: forms that post and pages that redirect."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.adapters.servers import KEY, FakeModels
from tests.adapters.servers import serving as serving_models
from tests.journeys.conftest import LINGERING_QUESTION, Address, Scene, open_page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, scene: Scene) -> Iterator[Page]:
    opened = open_page(chromium, scene.server, scene.everyone, java_script_enabled=False)
    yield opened
    opened.context.close()


def test_every_page_has_its_main_heading(page: Page, pages: tuple[Address, ...]) -> None:
    bare = []
    for address in pages:
        page.goto(address.path, wait_until="domcontentloaded")
        if page.locator("h1").count() != 1 or not page.locator("h1").inner_text().strip():
            bare.append(address.path)
    assert bare == []


def test_an_app_is_described_built_checked_saved_shared_and_run(page: Page) -> None:
    page.get_by_label("Describe your app").fill(
        "I need polite replies to customers' questions, sorted by topic"
    )
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/build/")
    _add_and_move_a_step(page)
    _mend_what_a_check_found(page)
    page.get_by_text("Save as a version", exact=True).click()
    page.get_by_role("button", name="Save this version").click()
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    page.get_by_role("link", name="Publish it").click()
    page.get_by_label("Only me").check()
    page.get_by_role("button", name="Share version 1").click()
    page.get_by_role("main").get_by_role("link", name="Run it").click()
    page.get_by_label("What did the customer write?").fill("Where is my card? Write to ada@example.org.")
    page.get_by_label("Our line of business").select_option("banking")
    page.get_by_role("button", name="Run", exact=True).click()
    _look_again(page)
    expect(page.locator("mark", has_text="ada@example.org").first).to_be_visible()


def _add_and_move_a_step(page: Page) -> None:
    what = page.locator("#what")
    sentences = what.locator(".step-words")
    count = sentences.count()
    what.locator("summary", has_text="Add a step").click()
    what.get_by_role("button", name="Decide what happens next").click()
    what.get_by_role("button", name="Done", exact=True).last.click()
    expect(sentences).to_have_count(count + 1)
    added = sentences.nth(count - 1).inner_text()
    what.get_by_role("button", name=f"Move sentence {count} up").click()
    expect(sentences.nth(count - 2)).to_have_text(added, use_inner_text=True)
    page.get_by_role("link", name=f"Edit sentence {count - 1}", exact=True).click()
    what.locator("summary", has_text="Remove this step").click()
    what.get_by_role("button", name="Yes, remove it").click()
    expect(sentences).to_have_count(count)


def _mend_what_a_check_found(page: Page) -> None:
    page.get_by_role("link", name="Edit sentence 1", exact=True).click()
    page.locator("#what").get_by_label("It must be filled in").first.uncheck()
    page.locator("#what").get_by_role("button", name="Done", exact=True).last.click()
    page.locator("#checks").get_by_role("button", name="Make it required").click()
    expect(page.get_by_text("Done. It is in your working copy.")).to_be_visible()


def _look_again(page: Page) -> None:
    """Follow the link that stands in for live progress until the run is over."""
    page.wait_for_url("**/runs/**")
    receipt, again = page.get_by_role("heading", name="Receipt"), page.get_by_role("link", name="Look again")
    for _look in range(100):
        expect(receipt.or_(again)).to_be_visible()
        if receipt.count():
            return
        again.click()
    raise AssertionError("the run did not end")


def test_a_run_is_cancelled(page: Page) -> None:
    page.goto("/apps/customer-reply/")
    page.get_by_label("What did the customer write?").fill(LINGERING_QUESTION)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.get_by_text("You cancelled this run.")).to_be_visible()


def test_a_template_is_written_proposed_and_approved(page: Page, chromium: Browser, scene: Scene) -> None:
    page.goto("/templates/new/")
    page.get_by_label("Title").fill("Thank them")
    page.get_by_label("Question").fill("Write a line of thanks for {kindness}.")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("group").filter(has_text="kindness").first).to_be_visible()
    page.get_by_role("button", name="Save and propose").click()
    another = open_page(chromium, scene.server, "steward@example.org", java_script_enabled=False)
    another.goto("/templates/thank-them/1/decide/")
    another.get_by_role("button", name="Approve this version").click()
    expect(another.get_by_role("main")).to_contain_text("Approved")
    another.context.close()


def test_a_provider_is_connected_and_disconnected(page: Page) -> None:
    models = FakeModels()
    with serving_models(models.app) as address:
        page.goto("/models/connect/openai_compatible/")
        page.get_by_label("Name").fill("Our own server")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Key").fill("the wrong key")
        page.get_by_text("More settings").click()
        page.get_by_label("On this machine or in our own network").check()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_text("refused the key").first).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("Our own server")
        page.get_by_label("Key").fill(KEY)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_text("Connected; it offers 2 models.")).to_be_visible()
        page.locator("summary", has_text="Disconnect").click()
        page.get_by_role("button", name=re.compile("disconnect", re.IGNORECASE)).last.click()
        expect(page.get_by_text("Its key is forgotten")).to_be_visible()


def test_somebody_is_invited_and_sets_up_their_account(page: Page, chromium: Browser, scene: Scene) -> None:
    page.goto("/people/invite/")
    page.get_by_label("Name").fill("Zoë")
    page.get_by_label("E-mail").fill("zoe@example.org")
    page.get_by_role("button", name="Make the account and its link").click()
    link = page.locator(".handed-link").inner_text()
    address = re.search(r"http\S+", link)
    assert address is not None
    theirs = chromium.new_context(base_url=scene.server.url, java_script_enabled=False).new_page()
    theirs.goto(address[0])
    theirs.get_by_label("Password").fill("five quiet garden gates")
    theirs.get_by_role("button", name="Make my account and sign in").click()
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("What would you like")
    theirs.context.close()
