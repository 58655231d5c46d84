"""A batch of two thousand rows and a server that is killed three times on the way: no row twice, lost or paid twice."""

import csv
import io
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import open_page
from tests.journeys.stored import rows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

ROWS = 2_000
KILLS = (0.2, 0.5, 0.75)
"""After these shares of the rows."""
AT_ONCE = 8
_PATIENCE_SECONDS = 600
_DONE = "SELECT count(*) AS n FROM batches_batchrow WHERE state = 'done'"
_ENTRIES = "SELECT count(*) AS n FROM journal_entry WHERE action = 'models.ask' AND outcome = 'done'"


def _file(folder: Path) -> Path:
    lines = ["No;Question;Branch", *(f"{n};Where is card number {n}?;banking" for n in range(ROWS))]
    made = folder / "questions.csv"
    made.write_text("\n".join(lines))
    return made


def _start(page: Page, file: Path) -> None:
    page.goto("/apps/customer-reply/many/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Read this file").click()
    page.get_by_label("Column for “What did the customer write?”").select_option("Question")
    page.get_by_label("Column for “Our line of business”").select_option("Branch")
    page.get_by_role("button", name="Start 2,000 runs").click()
    page.wait_for_url("**/batches/**")


def _until(server: Server, share: float) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while rows(server, _DONE)[0]["n"] < ROWS * share:
        assert time.monotonic() < deadline, rows(server, _DONE)
        time.sleep(0.05)


def test_a_killed_batch_finishes_with_every_row_once(chromium: Browser, tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    server = Server(tmp_path)
    server.plant("tests.planting_door", scripted={"calls_file": str(calls)})
    server.start()
    try:
        page = open_page(chromium, server, "colleague@example.org")
        _start(page, _file(tmp_path))
        address = page.url
        page.goto("about:blank")  # a page that polls would complain of the kills
        for share in KILLS:
            _until(server, share)
            server.kill()
            server.start()
        _until(server, 1)
        page.goto(address)
        page.get_by_text("of 2,000 rows answered").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV", exact=True).click()
        _check(server, calls, Path(download.value.path()).read_text(encoding="utf-8-sig"))
        page.context.close()
    finally:
        server.stop()


def _check(server: Server, calls: Path, text: str) -> None:
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["No"] for row in found] == [str(n) for n in range(ROWS)]
    assert {row["How it went"] for row in found} == {"done"}
    assert all(f"card number {row['No']}?" in row["Reply"] for row in found)
    # Two questions a row: each has one entry in the journal, however often its server was killed.
    assert rows(server, _ENTRIES)[0]["n"] == 2 * ROWS
    asked = Counter(json.dumps(json.loads(line), sort_keys=True) for line in calls.read_text().splitlines())
    repeated = sum(asked.values()) - 2 * ROWS
    assert 0 <= repeated <= AT_ONCE * len(KILLS), "only calls in flight at a kill may be sent again"
