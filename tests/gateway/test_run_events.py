"""The event stream of a run: replayed after `Last-Event-ID`, read-only, for whoever may see the run."""

from collections.abc import Iterator
from uuid import UUID

import anyio
import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from allotment.gateway.run_events import follow_run
from allotment.people.models import Person
from allotment.runs.events import append
from allotment.runs.models import Run
from tests.conftest import MakePerson, SignIn

RUN = UUID(int=77)


@pytest.fixture
def owner(person: MakePerson, transactional_db: None, make_run) -> Person:
    somebody = person(roles=["maker"])
    make_run(RUN, somebody)
    for kind, payload in (("progress", {"value": 0}), ("text", {"text": "Hel"}), ("text", {"text": "lo"})):
        append(RUN, kind, payload)
    append(RUN, "done", {"state": "done"})
    return somebody


def cookie_of(client: Client) -> str:
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def request(cookie: str = "", *, last: str = "", query: str = "", run: UUID = RUN) -> Request:
    headers = [(b"cookie", f"{django_settings.SESSION_COOKIE_NAME}={cookie}".encode())]
    if last:
        headers.append((b"last-event-id", last.encode()))
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/events/runs/{run}",
        "headers": headers,
        "query_string": query.encode(),
        "path_params": {"run_id": run},
    }
    return Request(scope)


def read(asked: Request) -> tuple[Response, str]:
    async def follow() -> tuple[Response, str]:
        response = await follow_run(asked)
        if not isinstance(response, StreamingResponse):
            return response, bytes(response.body).decode()
        return response, "".join([str(part) async for part in response.body_iterator])

    return anyio.run(follow)


@pytest.fixture(autouse=True)
def close_threads_connections() -> Iterator[None]:
    yield
    connections.close_all()


def ids(text: str) -> list[str]:
    return [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")]


def test_stream_tells_every_event_and_ends(owner, client: Client, signed_in: SignIn) -> None:
    signed_in(client, owner)
    response, text = read(request(cookie_of(client)))
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert ids(text) == ["1", "2", "3", "4"]
    assert 'event: text\ndata: {"text": "Hel"}' in text


@pytest.mark.parametrize(
    ("last", "query", "expected"),
    [("2", "", ["3", "4"]), ("", "after=3", ["4"]), ("x", "", ["1", "2", "3", "4"])],
)
def test_reconnect_gets_what_it_missed(owner, client, signed_in, last, query, expected) -> None:
    signed_in(client, owner)
    assert ids(read(request(cookie_of(client), last=last, query=query))[1]) == expected


def test_stream_of_a_run_that_is_over_ends_even_when_nothing_is_left(owner, client, signed_in) -> None:
    signed_in(client, owner)
    Run.objects.filter(id=RUN).update(state="done")
    assert ids(read(request(cookie_of(client), last="4"))[1]) == []


def test_nobody_signed_in_is_told_nothing(owner) -> None:
    response, text = read(request())
    assert response.status_code == 404
    assert "Hel" not in text


def test_somebody_else_is_told_nothing(owner, client, signed_in, person) -> None:
    signed_in(client, person(roles=["administrator", "officer", "maker"]))
    assert read(request(cookie_of(client)))[0].status_code == 404


def test_following_never_starts_or_changes_a_run(owner, client, signed_in) -> None:
    signed_in(client, owner)
    before = Run.objects.values().get(id=RUN)
    for _ in range(3):
        read(request(cookie_of(client)))
    assert Run.objects.values().get(id=RUN) == before
