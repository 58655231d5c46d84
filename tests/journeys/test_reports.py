"""From a file to a report, in a browser: drop it, correct a column, see the charts, take the PDF."""

import io
import re
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PHONE, open_page, sign_in
from tests.serving import Server

pytestmark = pytest.mark.browser

ROWS = """Turnover of the season;;;;
;;;;
Date;Order;Region;Product;Units;Turnover
03/04/2026;A-1;North;Compost;2;19,60 €
05/04/2026;A-2;South;Wheelbarrow;1;113,05 €
06/05/2026;A-3;North;Hand trowel;3;44,70 €
11/06/2026;A-4;East;Seed box;1;11,75 €
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "turnover.csv"
    made.write_bytes(ROWS.encode("cp1252"))
    return made


def _app(page: Page) -> str:
    """Make an app from the starter and return the address of its trial."""
    page.goto("/starters/sales-summary/")
    page.get_by_role("main").locator("form button").first.click()
    page.wait_for_url("**/build/")
    return page.url.replace("/build/", "/try/")


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_dropped_file_becomes_a_report(chromium: Browser, server: Server, file: Path, screen: str) -> None:
    options = {"viewport": PHONE, "has_touch": True} if screen == "phone" else {}
    page = open_page(chromium, server, "maker@example.org", **options)
    page.goto(_app(page))
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_role("button", name="Look at it first").click()

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="See and correct it").click()
    sheet = opened.value
    expect(sheet.get_by_role("heading", name="turnover.csv")).to_be_visible()
    kind = sheet.get_by_label("What “Date” holds")
    expect(kind).to_have_value("date|%d/%m/%Y")
    kind.select_option("date|%m/%d/%Y")
    sheet.get_by_role("button", name="Apply the kinds").click()
    expect(sheet.get_by_text("The columns are read as you said.")).to_be_visible()
    sheet.close()

    page.get_by_label("Which column is “Revenue”?").select_option("Turnover")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/**")
    charts = page.locator("img.chart")
    expect(charts).to_have_count(2)
    expect(charts.first).to_have_attribute("alt", re.compile("Line chart: Revenue by month of Date"))
    page.wait_for_function(
        "() => [...document.querySelectorAll('img.chart')].every(one => one.naturalWidth > 0)"
    )
    expect(page.get_by_role("cell", name="2026-03")).to_be_visible()
    expect(page.get_by_role("cell", name="113.05").first).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="PDF", exact=True).click()
    pages = pypdf.PdfReader(io.BytesIO(Path(download.value.path()).read_bytes())).pages
    text = "\n".join(one.extract_text() for one in pages)
    assert "Sales summary" in text
    assert "113.05" in text
    page.context.close()


def test_a_file_that_is_no_table_is_said_beside_its_field(
    chromium: Browser, server: Server, tmp_path: Path
) -> None:
    page = sign_in_and_try(chromium, server)
    wrong = tmp_path / "picture.csv"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 40)
    page.locator("input[type=file]").first.set_input_files(wrong)
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Look at it first").click()
    assert answer.value.status in (200, 422)
    expect(page.locator(".field-error")).to_be_visible()


def sign_in_and_try(chromium: Browser, server: Server) -> Page:
    """Return the trial of a fresh report, for a maker whose console may complain of a refusal."""
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    sign_in(page, "maker@example.org")
    page.goto(_app(page))
    return page
