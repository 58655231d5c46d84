"""A run that asks a model about each row, and a server that is killed in the middle: it goes on by itself."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import open_page
from tests.journeys.stored import rows
from tests.serving import Server

pytestmark = [pytest.mark.browser]

ROWS = 16
"""Of the starter's sample; each is asked about twice, and a text is written about the counts."""
_PATIENCE_SECONDS = 240
_DONE = "SELECT count(*) AS n FROM batches_batchrow WHERE state = 'done'"
_ENTRIES = "SELECT count(*) AS n FROM journal_entry WHERE action = 'models.ask' AND outcome = 'done'"


def _start(page: Page) -> str:
    page.goto("/starters/feedback-by-topic/")
    page.get_by_role("button", name="Use this one").click()
    page.wait_for_url("**/build/")
    page.goto("/apps/feedback-by-topic/try/")
    page.get_by_role("button", name="Fill in the example").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/**")
    page.get_by_text("of 16 rows").wait_for()  # told while it works, without a reload
    return page.url


def _until_done(server: Server, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while rows(server, _DONE)[0]["n"] < count:
        assert time.monotonic() < deadline, rows(server, _DONE)
        time.sleep(0.05)


def test_a_run_killed_between_two_rows_goes_on_and_asks_none_again(chromium: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.plant("tests.planting_door", scripted={"delay_milliseconds": "250"})
    server.start()
    try:
        page = open_page(chromium, server, "maker@example.org")
        address = _start(page)
        page.goto("about:blank")  # a page that follows would complain
        _until_done(server, ROWS + ROWS // 2)  # the first step is whole, the second in its middle
        server.kill()
        server.start()
        _until_done(server, 2 * ROWS)
        page.goto(address)
        page.get_by_role("heading", name="Every comment").wait_for()
        assert page.locator("table:has(th:text('Mood')) tbody tr").count() >= ROWS
        # What was in flight at a kill is asked again; what was answered is in the journal once.
        assert rows(server, _ENTRIES)[0]["n"] == 2 * ROWS + 1
        page.context.close()
    finally:
        server.stop()
