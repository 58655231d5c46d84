"""Raw HTTP at the door: huge, broken, slow, smuggled and abandoned requests."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit

import pytest

from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.gateway.chat import caller
from allotment.kernel.deadlines import Deadlines
from tests.gateway.chat.conftest import prompt
from tests.gateway.chat.scene import Scene

PATH = "/v1/chat/completions"
Post = Callable[..., tuple[int, dict]]


@pytest.fixture
def post(url: str, scene: Scene) -> Post:
    """Return `post(body, **headers)`: status and decoded answer, with a good key unless a header says otherwise."""

    def send(body: bytes | dict, path: str = PATH, method: str = "POST", **headers: str) -> tuple[int, dict]:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        given = {"Authorization": f"Bearer {scene.key()}", **headers}
        connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body), given)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    return send


def question(**more: object) -> dict:
    return {"model": "small", **prompt(), **more}


def test_a_plain_request_is_answered(post: Post) -> None:
    status, answer = post(question())
    assert status == 200
    assert answer["object"] == "chat.completion"


def test_a_megabyte_is_the_most(post: Post) -> None:
    status, answer = post(b"{" + b" " * (1024 * 1024))
    assert (status, answer["error"]["code"]) == (413, "too_large")


def test_a_body_without_a_length_is_cut_off_at_a_megabyte_too(url: str, scene: Scene) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    pieces: Iterator[bytes] = iter([b" " * 65_536] * 20)
    headers = {"Authorization": f"Bearer {scene.key()}", "Transfer-Encoding": "chunked"}
    connection.request("POST", PATH, pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff\xfe",
        b'{"model": "small"',
        b"null",
        b'{"model": ["small"]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_question_is_refused_with_words(post: Post, body: bytes) -> None:
    status, answer = post(body)
    assert status == 422
    assert answer["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 7),
        ("max_tokens", "many"),
        ("temperature", "hot"),
        ("stream", "yes"),
        ("seed", 1.5),
        ("messages", {"role": "user"}),
        ("prompt", "kind-reply"),
        ("prompt", {"id": "kind-reply", "version": 2, "variables": {"question": ["a"]}}),
        ("prompt", {"id": "kind-reply", "version": 2, "wording": "My own"}),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(post: Post, field: str, value: object) -> None:
    status, answer = post(question(**{field: value}))
    assert status == 422
    assert field in (answer["error"]["param"] or "") or "wording" in answer["error"]["param"]


def test_of_a_field_given_twice_only_the_last_one_counts(post: Post, scene: Scene) -> None:
    """One parser reads the request, and what the gate sees is what goes on: nothing can hide in the first."""
    twice = (
        json.dumps(question())[:-1]
        + ', "prompt": {"id": "other", "version": 1, "variables": {"question": "x"}}}'
    )
    status, _ = post(twice.encode())
    assert status == 200
    assert [entry.details["template"] for entry in scene.journal.entries] == ["other@1"]


def test_a_key_in_the_address_does_not_count(post: Post, scene: Scene) -> None:
    key = scene.key()
    status, answer = post(question(), path=f"{PATH}?api_key={key}&key={key}", Authorization="")
    assert status == 401
    assert key not in json.dumps(answer)


def test_two_keys_are_none(url: str, scene: Scene) -> None:
    body = json.dumps(question()).encode()
    good = f"Authorization: Bearer {scene.key()}\r\n"
    assert _raw(url, good * 2, body).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("value", ["Basic abc", "Bearer", "bearer\tallot", "Bearer " + "a" * 5000])
def test_other_credentials_are_refused(post: Post, value: str) -> None:
    assert post(question(), Authorization=value)[0] == 401


@pytest.mark.parametrize(
    "smuggled",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 7\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_a_request_with_two_lengths_brings_no_second_one_in(url: str, scene: Scene, smuggled: str) -> None:
    hidden = b"0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = _raw(url, f"Authorization: Bearer {scene.key()}\r\n{smuggled}", hidden, with_length=False)
    assert b"200 OK" not in answer
    assert scene.journal.entries == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/embeddings", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/models/../../people", 404),
    ],
)
def test_other_ways_in_are_closed_in_the_same_shape(post: Post, method: str, path: str, status: int) -> None:
    found, answer = post(b"", path=path, method=method)
    assert found == status
    assert answer["error"]["message"]


def test_everything_else_goes_to_the_pages(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/v1")
    assert connection.getresponse().read() == b"a page"
    connection.close()


def test_an_answer_is_never_packed(url: str, scene: Scene) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {scene.key()}", "Accept-Encoding": "gzip"}
    connection.request("POST", PATH, json.dumps(question()), headers)
    assert connection.getresponse().headers["content-encoding"] is None
    connection.close()


def test_a_slow_caller_is_let_go(url: str, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "_deadlines", Deadlines(0.2))
    with _opened(url) as connection:
        connection.sendall(
            _head(url, f"Authorization: Bearer {scene.key()}\r\nContent-Length: 100\r\n") + b"{"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


class Silent:
    """A provider that is asked and never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    async def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.asked.set()
        await asyncio.sleep(3600)
        yield ChatDelta("")

    async def models(self) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_leaves_ends_the_call_at_the_provider(url: str, scene: Scene, stream: bool) -> None:
    provider = Silent()
    scene.speak_with(provider)
    body = json.dumps(question(stream=stream)).encode()
    with _opened(url) as connection:
        head = f"Authorization: Bearer {scene.key()}\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(_head(url, head) + body)
        assert provider.asked.wait(60)
        assert scene.journal.entries == []
    deadline = time.monotonic() + 60
    while not scene.journal.entries and time.monotonic() < deadline:
        time.sleep(0.01)
    (entry,) = scene.journal.entries
    assert (entry.outcome, entry.details["reason"]) == ("failed", "cancelled")


def _opened(url: str) -> socket.socket:
    host, port = urlsplit(url).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def _head(url: str, headers: str) -> bytes:
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n{headers}\r\n".encode()
    )


def _raw(url: str, headers: str, body: bytes, *, with_length: bool = True) -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if with_length else ""
    with _opened(url) as connection:
        connection.sendall(_head(url, headers + length) + body)
        found = b""
        while piece := connection.recv(65_536):
            found += piece
        return found
