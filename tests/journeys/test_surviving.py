"""A run survives the process that started it; a reconnecting page replays and never reruns."""

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import open_page
from tests.journeys.stored import rows
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ROUNDS = 10
STEP_SECONDS = 0.8
_PATIENCE_SECONDS = 120
_STEP_OF_ANSWER = {"label": "topic", "text": "reply"}
"""Which step of the app asks for which kind of answer."""


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("slow")
    server = Server(home)
    delay = str(round(STEP_SECONDS * 1000))
    server.plant(scripted={"calls_file": str(home / "calls"), "delay_milliseconds": delay})
    server.start()
    yield server
    server.stop()


def calls(server: Server) -> list[dict[str, Any]]:
    """What the scripted provider was asked, in order: a kind of answer and a digest of the question."""
    counted = server.home / "calls"
    return [json.loads(line) for line in counted.read_text().splitlines()] if counted.exists() else []


def steps_asked(lines: list[dict[str, Any]]) -> list[str]:
    return [_STEP_OF_ANSWER[line["answer"]] for line in lines]


def finished_steps(server: Server, run: str) -> set[str]:
    return {row["step"] for row in rows(server, "SELECT step FROM runs_runstep WHERE run_id = ?", run)}


def wait_until_over(server: Server, run: str) -> str:
    """Return how the run ended; what it said if it ended badly is sealed."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        row = rows(server, "SELECT state FROM runs_run WHERE id = ?", run)[0]
        if row["state"] not in {"waiting", "running"}:
            return str(row["state"])
        time.sleep(0.05)
    raise AssertionError(f"run {run} did not end:\n{server.log()[-2000:]}")


def wait_for_calls(server: Server, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(calls(server)) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def start_run(page: Page, server: Server, question: str) -> str:
    """Send the form and return the run's id as soon as it is stored."""
    page.goto("/apps/customer-reply/")
    page.get_by_label("What did the customer write?").fill(question)
    page.get_by_role("button", name="Run", exact=True).click(no_wait_after=True)
    page.wait_for_url("**/runs/**", wait_until="commit")
    return str(rows(server, "SELECT id FROM runs_run ORDER BY created_at DESC LIMIT 1")[0]["id"])


def test_runs_killed_at_any_moment_finish_and_never_repeat_a_finished_step(
    chromium: Browser, slow_server: Server
) -> None:
    page = open_page(chromium, slow_server, "colleague@example.org")
    moments = random.Random(20)  # noqa: S311 - the same moments each time
    finished_at_the_kill = []
    for number in range(ROUNDS):
        before = len(calls(slow_server))
        run = start_run(page, slow_server, f"Where is my card number {number}?")
        wait_for_calls(slow_server, before + moments.randrange(3))
        time.sleep(moments.uniform(0, STEP_SECONDS))
        slow_server.kill()
        finished, at_the_kill = finished_steps(slow_server, run), len(calls(slow_server))
        slow_server.start()
        assert wait_until_over(slow_server, run) == "done", slow_server.log()[-2000:]
        asked = calls(slow_server)[before:]
        asked_anew = steps_asked(asked[at_the_kill - before :])
        assert sorted(asked_anew) == sorted({"topic", "reply"} - finished)
        assert [steps_asked(asked).count(step) for step in finished] == [1] * len(finished)
        # What was in the air when the power went is asked again, in the same words.
        assert len({line["asked"] for line in asked}) == 2
        finished_at_the_kill.append(len(finished))
    page.context.close()
    assert {0, 1} <= set(finished_at_the_kill), "the moments of this test cover too little of a run"


def test_page_of_a_killed_run_shows_the_answer_after_the_restart(
    chromium: Browser, slow_server: Server
) -> None:
    page = open_page(chromium, slow_server, "colleague@example.org")
    start_run(page, slow_server, "Where is my other card?")
    page.wait_for_load_state()
    slow_server.kill()
    slow_server.start()
    page.reload()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(page.get_by_text("Answer to: ")).to_be_visible()
    page.context.close()


def test_reconnecting_page_replays_and_never_reruns(chromium: Browser, slow_server: Server) -> None:
    page = open_page(chromium, slow_server, "colleague@example.org")
    before = len(calls(slow_server))
    start_run(page, slow_server, "Where is my third card?")
    page.wait_for_load_state()
    for _ in range(3):
        page.reload()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    assert len(calls(slow_server)) - before == 2
    page.context.close()
