"""OpenAI's client against the whole installation: real keys, templates, models; two processes on one database."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import openai
import pytest

from allotment.journal import verify_journal
from tests.gateway.chat.planting_keys import RECALLED
from tests.serving import Server

AT_MOST_SECONDS = 1.0
"""No call that begins later passes; how long calls take is not counted."""
SIGNED_WITHIN_SECONDS = 60.0
MAKING = "tests.gateway.chat.planting_keys"
TEXT = "Our shop is closed on Monday."


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server, dict[str, str]]]:
    home = tmp_path_factory.mktemp("two")
    first, second = Server(home), Server(home)
    keys = first.plant(MAKING)
    try:
        first.start()
        second.start()
        yield first, second, keys
    finally:
        second.stop()
        first.stop()


def client(server: Server, key: str) -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=f"{server.url}/v1", max_retries=0)


def ask(one: openai.OpenAI, name: str, **variables: str):
    prompt = {"id": name, "version": 1, "variables": variables}
    return one.chat.completions.create(model="default", messages=[], extra_body={"prompt": prompt})


def test_every_kind_of_key_is_answered_by_both_processes(servers) -> None:
    first, second, keys = servers
    for server in (first, second):
        with client(server, keys["maker"]) as maker, client(server, keys["app"]) as app:
            assert TEXT in ask(maker, "subject-line", text=TEXT).choices[0].message.content
            answer = ask(app, "customer-reply", customer_query="Where is my card?", industry="banking")
            assert answer.allotment["entry"] > 0
            assert "scripted" in {model.id for model in maker.models.list()}
        with client(server, keys["free"]) as free:
            said = free.chat.completions.create(
                model="default", messages=[{"role": "user", "content": "Mail ada@example.org."}], stream=True
            )
            text = "".join(chunk.choices[0].delta.content or "" for chunk in said if chunk.choices)
            assert text == "Answer to: Mail ada@example.org."


def test_the_key_of_an_app_stays_with_the_templates_of_the_app(servers) -> None:
    first, _, keys = servers
    with client(first, keys["app"]) as app, pytest.raises(openai.PermissionDeniedError, match="does not use"):
        ask(app, "subject-line", text=TEXT)


def test_free_words_need_their_own_right(servers) -> None:
    first, _, keys = servers
    said = [{"role": "user", "content": "Hello"}]
    with client(first, keys["maker"]) as maker, pytest.raises(openai.PermissionDeniedError, match="officer"):
        maker.chat.completions.create(model="default", messages=said)


def receipt(server: Server, key: str, call: str) -> tuple[int, str, dict[str, Any]]:
    """Return status, `Retry-After` and body."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", f"/v1/receipts/{call}", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Retry-After", ""), json.load(answer)
    finally:
        connection.close()


def signed_receipt(server: Server, key: str, call: str) -> dict[str, Any]:
    """Return the receipt of a call as soon as it is signed; until then, the answer says when to ask again."""
    deadline = time.monotonic() + SIGNED_WITHIN_SECONDS
    while True:
        status, again, body = receipt(server, key, call)
        if status == 200:
            return body
        assert (status, again, body["error"]["code"]) == (503, "2", "not_signed_yet")
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_every_call_has_a_receipt_that_anyone_can_check(servers, tmp_path) -> None:
    first, second, keys = servers
    with client(first, keys["maker"]) as maker, client(first, keys["app"]) as app:
        free_standing = ask(maker, "subject-line", text=TEXT)
        of_app = ask(app, "customer-reply", customer_query="Where is my card?", industry="banking")
    for answer in (free_standing, of_app):
        found = signed_receipt(second, keys["maker"], answer.allotment["receipt"])
        path = tmp_path / "receipt.json"
        path.write_text(json.dumps(found))
        command = [sys.executable, verify_journal.__file__, path, "--key", found["keys"][0]]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        assert said.startswith("PROVED: the entry “models.ask”, recorded as entry")
        entry = json.loads(found["entry"])
        assert (entry["action"], entry["outcome"], entry["run"]) == (
            "models.ask",
            "done",
            answer.allotment["receipt"],
        )
        assert (entry["approver"] is None) is (
            answer is free_standing
        )  # the library as it is shipped has no approver
        assert receipt(first, keys["app"], answer.id)[0] == 200
        path.write_text(json.dumps(found | {"entry": found["entry"].replace('"done"', '"failed"')}))
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_nobody_elses_receipt_is_there(servers) -> None:
    first, _, keys = servers
    with client(first, keys["maker"]) as maker:
        call = ask(maker, "subject-line", text=TEXT).allotment["receipt"]
    for key, name in ((keys["free"], call), (keys["maker"], str(UUID(int=5))), (keys["maker"], "no-id")):
        status, _, body = receipt(first, key, name)
        assert (status, body["error"]["code"]) == (404, "receipt_not_found")
    assert receipt(first, "allot-nobody", call)[0] == 401


def test_what_is_taken_away_is_gone_within_a_second_on_every_process(servers) -> None:
    """The last test of the file: it takes away what the others use."""
    first, second, keys = servers
    with client(first, keys["maker"]) as maker:
        ask(maker, RECALLED, text=TEXT)
    first.plant(MAKING, take_away=keys)
    deadline = time.monotonic() + AT_MOST_SECONDS
    for server in (first, second):
        refused: dict[str, type[Exception]] = {
            "maker": openai.AuthenticationError,
            "colleague": openai.AuthenticationError,
            "app": openai.PermissionDeniedError,
            "free": openai.NotFoundError,
        }
        for whose, expected in refused.items():
            with client(server, keys[whose]) as one:
                _until_refused(lambda one=one: ask(one, RECALLED, text=TEXT), expected, deadline)


def _until_refused(call: Callable[[], object], expected: type[Exception], deadline: float) -> None:
    while True:
        began = time.monotonic()
        try:
            call()
        except expected:
            return
        assert began < deadline
        time.sleep(0.05)
