"""What fails says so in clear words, loses nothing that was typed, and leaves the server standing."""

import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.adapters.servers import KEY, FakeModels
from tests.adapters.servers import serving as serving_models
from tests.journeys.conftest import open_page
from tests.journeys.stored import outcomes
from tests.serving import Server

pytestmark = pytest.mark.browser

COLLEAGUE = "colleague@example.org"
QUESTION = "Where is my card?"
FIELD = "What did the customer write?"
KEPT = "What you typed is still in the form."
_LONGER_THAN_PATIENCE_SECONDS = 6.5
"""SQLite waits five seconds for a lock."""
_RULES = [
    {"when": "hang", "failure": "hang"},
    {"when": "slowly", "delay_milliseconds": 1500},
    *({"when": f"fail with {failure}.", "failure": failure} for failure in ("429", "500", "garbage")),
]


@contextmanager
def _served(home: Path, **extra: str) -> Iterator[Server]:
    (home / "script.json").write_text(json.dumps(_RULES))
    server = Server(home, extra=extra)
    server.plant(scripted={"script": str(home / "script.json")})
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with _served(tmp_path_factory.mktemp("failing")) as running:
        yield running


@pytest.fixture
def colleague(chromium: Browser, server: Server) -> Iterator[Page]:
    opened = open_page(chromium, server, COLLEAGUE)
    yield opened
    opened.context.close()


def _ask(page: Page, question: str) -> str:
    """Run the app; returns the run's id as the database writes it."""
    page.goto("/apps/customer-reply/")
    _send(page, question)
    page.wait_for_url("**/runs/**")
    return UUID(page.url.rstrip("/").rpartition("/")[2]).hex


def _send(page: Page, question: str) -> None:
    page.get_by_label(FIELD).fill(question)
    page.get_by_role("button", name="Run", exact=True).click()


def _expect_answer(page: Page) -> None:
    _ask(page, QUESTION)
    expect(page.get_by_text("Answer to: ")).to_be_visible()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("429", re.compile("is limiting how much we may ask")),
        ("500", re.compile("has a problem of its own")),
        ("garbage", re.compile("answered with something that is not a model's answer")),
    ],
)
def test_a_model_that_fails_says_how_and_keeps_the_question(
    colleague: Page, server: Server, failure: str, words: re.Pattern[str]
) -> None:
    question = f"Please fail with {failure}."
    run = _ask(colleague, question)
    expect(colleague.get_by_text("This run did not finish")).to_be_visible()
    expect(colleague.get_by_text(words)).to_be_visible()
    expect(colleague.get_by_text(KEPT)).to_be_visible()
    expect(colleague.get_by_label(FIELD)).to_have_value(question)
    assert outcomes(server, run, "models.ask")[-1] == "failed"
    assert outcomes(server, run, "apps.run") == ["allowed", "failed"]
    _expect_answer(colleague)


def test_a_model_that_hangs_can_be_cancelled(colleague: Page, server: Server) -> None:
    run = _ask(colleague, "Please hang.")
    colleague.get_by_role("button", name="Cancel this run").click()
    expect(colleague.get_by_text("You cancelled this run.")).to_be_visible()
    expect(colleague.get_by_label(FIELD)).to_have_value("Please hang.")
    assert outcomes(server, run, "apps.run")[0] == "allowed"
    assert len(outcomes(server, run, "apps.run")) > 1
    _expect_answer(colleague)


def _paste(page: Page, length: int) -> None:
    """Put a long text into the field at once; a limit in the browser would have cut it without a word."""
    field = page.get_by_label(FIELD)
    assert field.get_attribute("maxlength") is None
    field.evaluate("(field, length) => { field.value = 'x'.repeat(length) }", length)


def test_a_paste_of_5_megabytes_is_refused_with_its_size_and_nothing_starts(
    colleague: Page, server: Server
) -> None:
    colleague.goto("/apps/customer-reply/")
    _paste(colleague, 5 * 1024 * 1024)
    colleague.get_by_role("button", name="Run", exact=True).click()
    expect(
        colleague.locator(".field-error", has_text=re.compile("at most 4,?000 characters"))
    ).to_be_visible()
    expect(colleague.locator(".field-error", has_text=re.compile("5,?242,?880"))).to_be_visible()
    assert colleague.get_by_label(FIELD).evaluate("field => field.value.length") == 5 * 1024 * 1024
    _expect_answer(colleague)


def test_more_than_a_form_may_hold_is_refused_with_the_limit(colleague: Page) -> None:
    colleague.goto("/apps/customer-reply/")
    _paste(colleague, 9 * 1024 * 1024)
    colleague.get_by_role("button", name="Run", exact=True).click()
    expect(colleague.get_by_text("the most one form may hold")).to_be_visible()
    _expect_answer(colleague)


def test_a_locked_database_says_so_and_the_form_is_still_filled_in(colleague: Page, server: Server) -> None:
    colleague.goto("/apps/customer-reply/")
    with closing(sqlite3.connect(server.home / "allotment.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        _send(colleague, QUESTION)
        expect(colleague.get_by_text("The database is busy")).to_be_visible()
        other.execute("ROLLBACK")
    colleague.go_back()
    expect(colleague.get_by_label(FIELD)).to_have_value(QUESTION)
    colleague.get_by_role("button", name="Run", exact=True).click()
    expect(colleague.get_by_text("Answer to: ")).to_be_visible()


def test_a_database_locked_during_a_run_delays_it_and_loses_nothing(colleague: Page, server: Server) -> None:
    run = _ask(colleague, "Please answer slowly.")
    with closing(sqlite3.connect(server.home / "allotment.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(_LONGER_THAN_PATIENCE_SECONDS)
        other.execute("ROLLBACK")
    _expect_end(colleague, run, server)


def _expect_end(page: Page, run: str, server: Server) -> None:
    """A run whose disk or database came back ends: with its answer, or with words and the question in the form."""
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    answered = page.get_by_text("Answer to: ").or_(page.get_by_text(KEPT))
    expect(answered.first).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value("Please answer slowly.")
    assert outcomes(server, run, "apps.run")[-1] in {"done", "failed"}


def test_the_practice_model_without_its_weights_says_what_to_do(chromium: Browser, server: Server) -> None:
    page = open_page(chromium, server, "officer@example.org")
    _make_default(page, "Practice model (built in)")
    page.goto("/apps/customer-reply/")
    _send(page, QUESTION)
    page.wait_for_url("**/runs/**")
    expect(page.get_by_text("The practice model is not installed.")).to_be_visible()
    expect(page.get_by_text("make model").first).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value(QUESTION)
    _make_default(page, "Scripted answers (for tests)")
    _expect_answer(page)
    page.context.close()


def _make_default(page: Page, title: str) -> None:
    page.goto("/models/")
    page.get_by_role("main").get_by_role("link", name=title).first.click()
    page.get_by_role("button", name="Make it the default").click()
    expect(page.get_by_role("main")).to_contain_text("Default")


@pytest.fixture
def connected(chromium: Browser, server: Server) -> Iterator[tuple[Page, FakeModels]]:
    """A page of somebody who connected a real server of the OpenAI kind through the pages and made it the default."""
    models = FakeModels()
    with serving_models(models.app) as address:
        page = open_page(chromium, server, "officer@example.org")
        page.goto("/models/connect/openai_compatible/")
        page.get_by_label("Name").fill("Our own server")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Key").fill(KEY)
        page.get_by_text("More settings").click()
        page.get_by_label("On this machine or in our own network").check()
        page.get_by_label("Seconds to wait").fill("3")
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_role("main").get_by_role("link", name="small").click()
        page.get_by_role("button", name="Turn it on").click()
        page.get_by_role("button", name="Make it the default").click()
        yield page, models
        _make_default(page, "Scripted answers (for tests)")
        page.context.close()


def test_a_real_provider_that_misbehaves_says_how_and_keeps_the_question(
    connected: tuple[Page, FakeModels], server: Server
) -> None:
    page, models = connected
    for mode, words in {
        "429": "is limiting how much we may ask",
        "500": "has a problem of its own (HTTP 500)",
        "garbage": "answered with something that is not a model's answer",
        "nonsense": "answered with something that is not a model's answer",
        "broken": "answer",
        "hang": "so we stopped waiting",
    }.items():
        models.mode = mode
        run = _ask(page, QUESTION)
        expect(page.get_by_text("This run did not finish")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(re.compile(re.escape(words), re.IGNORECASE))
        expect(page.get_by_label(FIELD)).to_have_value(QUESTION)
        assert outcomes(server, run, "models.ask")[-1] == "failed", mode
    models.mode = "good"
    _ask(page, QUESTION)
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()


@pytest.fixture(scope="module")
def server_on_small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a disk of its own, so small that a test can fill it."""
    home = tmp_path_factory.mktemp("small-disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "allotment-test", str(home)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        with _served(home) as running:
            yield running
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_full_disk_says_so_and_the_form_is_still_filled_in(
    chromium: Browser, server_on_small_disk: Server
) -> None:
    page = open_page(chromium, server_on_small_disk, COLLEAGUE)
    page.goto("/apps/customer-reply/")
    filler = _fill(server_on_small_disk.home)
    _send(page, QUESTION)
    expect(page.get_by_text("The disk of this installation is full")).to_be_visible()
    page.goto("/apps/customer-reply/about/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reply to a customer")
    filler.unlink()
    page.go_back()
    page.go_back()
    expect(page.get_by_label(FIELD)).to_have_value(QUESTION)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Answer to: ")).to_be_visible()
    page.context.close()


def test_a_run_on_a_disk_that_fills_up_ends_once_it_is_freed(
    chromium: Browser, server_on_small_disk: Server
) -> None:
    page = open_page(chromium, server_on_small_disk, COLLEAGUE)
    run = _ask(page, "Please answer slowly.")
    filler = _fill(server_on_small_disk.home)
    time.sleep(_LONGER_THAN_PATIENCE_SECONDS)
    filler.unlink()
    server_on_small_disk.stop()
    server_on_small_disk.start()
    page.reload()
    _expect_end(page, run, server_on_small_disk)
    page.context.close()


def _fill(disk: Path) -> Path:
    """Fill the disk, the room that is left in SQLite's log included: what is written next needs more."""
    with closing(sqlite3.connect(disk / "allotment.sqlite3", isolation_level=None, timeout=60)) as database:
        is_busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not is_busy
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
    except OSError:
        _use_up_the_log(disk)
    return filler


def _use_up_the_log(disk: Path) -> None:
    """Write until SQLite itself says that the disk is full: the server may have begun its log anew meanwhile."""
    with (
        closing(sqlite3.connect(disk / "allotment.sqlite3", isolation_level=None, timeout=60)) as database,
        pytest.raises(sqlite3.OperationalError, match="full"),
    ):
        _write_on(database)


def _write_on(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE IF NOT EXISTS filler (what BLOB)")
    while True:
        database.execute("INSERT INTO filler VALUES (zeroblob(4096))")
