"""OpenAI's client against the whole installation: real keys, templates, models; two processes on one database."""

import time
from collections.abc import Callable, Iterator

import openai
import pytest

from tests.gateway.chat.planting_keys import RECALLED
from tests.serving import Server

AT_MOST_SECONDS = 1.0
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
        try:
            call()
        except expected:
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)
