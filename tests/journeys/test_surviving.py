"""A run survives the process that started it; a reconnecting page replays and never reruns."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import open_page
from tests.serving import Server

pytestmark = pytest.mark.browser


def calls(server: Server) -> int:
    """How often the scripted provider was asked."""
    counted = server.home / "calls"
    return len(counted.read_text().splitlines()) if counted.exists() else 0


@pytest.fixture
def slow_server(tmp_path: Path) -> Server:
    server = Server(tmp_path)
    server.plant(scripted={"calls_file": str(tmp_path / "calls"), "delay_milliseconds": "1200"})
    server.start()
    yield server
    server.stop()


def test_killed_run_finishes_after_restart_and_asks_once_per_step(
    chromium: Browser, slow_server: Server
) -> None:
    page = open_page(chromium, slow_server, "colleague@example.org")
    page.goto("/apps/customer-reply/")
    page.get_by_label("What did the customer write?").fill("Where is my card?")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/**")
    deadline = time.monotonic() + 20
    # The first step is counted when it is asked; the row of a finished step appears before the second is asked.
    while calls(slow_server) < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1.25)
    asked_before = calls(slow_server)
    slow_server.kill()
    slow_server.start()
    page.reload()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Answer to: ")).to_be_visible()
    # What was in the air when the power went is asked again; a finished step never is.
    assert calls(slow_server) - asked_before <= 2
    journal = slow_server.command("doctor", "--json", check=False)
    assert '"Database"' in journal.stdout


def test_reconnecting_page_replays_and_never_reruns(chromium: Browser, slow_server: Server) -> None:
    page = open_page(chromium, slow_server, "colleague@example.org")
    page.goto("/apps/customer-reply/")
    page.get_by_label("What did the customer write?").fill("Where is my card?")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/**")
    for _ in range(3):
        page.reload()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible(timeout=20_000)
    assert calls(slow_server) == 2
