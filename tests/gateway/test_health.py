"""Everybody may know that the process answers; this machine may know what does not go on."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from starlette.requests import Request
from starlette.responses import Response

from allotment.gateway.health import health, metrics
from allotment.journal.sequencing import sequence_now
from allotment.kernel import clock
from tests.journal.conftest import bare, home, record  # noqa: F401 - two of them are fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def request(query: str = "", *, client: str = "127.0.0.1", **headers: str) -> Request:
    sent = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/health",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": (client, 1),
        }
    )


def asked(query: str = "", **how: str) -> Response:
    return asyncio.run(health(request(query, **how)))


def leave_unsigned() -> None:
    with clock.frozen(datetime.now(UTC) - timedelta(minutes=2)):
        record(3)


def test_a_journal_in_order_is_well():
    record(2)
    sequence_now()
    told = json.loads(asked("detail").body)
    assert told["status"] == "ok"
    assert (told["journal"]["signed"], told["journal"]["trouble"]) == (2, "")


def test_entries_that_nobody_signs_are_told_with_the_remedy():
    leave_unsigned()
    answer = asked("detail=1")
    told = json.loads(answer.body)
    assert (answer.status_code, told["status"]) == (200, "degraded")
    assert "nobody signs them" in told["journal"]["trouble"]
    assert "allotment up" in told["journal"]["remedy"]


def test_a_sequencer_that_cannot_sign_is_told(bare):  # noqa: F811
    record(2)
    sequence_now()
    (bare / "journal.key").unlink()
    told = json.loads(asked("detail").body)
    assert (told["status"], "is missing" in told["journal"]["trouble"]) == ("degraded", True)


def test_the_process_is_alive_all_the_same():
    leave_unsigned()
    answer = asked(client="203.0.113.9", host="apps.example.org")
    assert (answer.status_code, answer.body) == (200, b"ok")


def test_a_database_that_does_not_answer_is_told():
    with pytest.MonkeyPatch.context() as planted:
        planted.setitem(connections.settings["default"], "NAME", "nowhere/there")
        answer = asked("detail")
    told = json.loads(answer.body)
    assert (answer.status_code, told["status"]) == (200, "degraded")
    assert told["journal"]["trouble"]
    assert "database" in told["journal"]["remedy"]


NOT_HERE = [
    {"client": "203.0.113.9"},
    {"client": "a-name"},
    {"forwarded": "for=203.0.113.9"},
    {"via": "1.1 proxy"},
    {"x_forwarded_for": "203.0.113.9"},
    {"x_forwarded_host": "apps.example.org"},
    {"x_forwarded_proto": "https"},
    {"x_real_ip": "203.0.113.9"},
    {"host": "apps.example.org"},
    {"host": "203.0.113.9:8000"},
    {"host": "[::1"},
    {"host": ""},
]


@pytest.mark.parametrize("asking", NOT_HERE, ids=repr)
def test_nobody_else_learns_how_it_is_doing(asking):
    answer = asked("detail", **asking)
    assert answer.status_code == 403
    assert b"journal" not in answer.body
    assert b"at 127.0.0.1" in answer.body


@pytest.mark.parametrize("asking", NOT_HERE, ids=repr)
def test_metrics_are_for_this_machine_too(asking):
    assert asyncio.run(metrics(request(**asking))).status_code == 403


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost:8000"),
        ("127.0.0.2", "LocalHost"),
        ("::1", "[::1]:8000"),
    ],
)
def test_this_machine_is_told_by_whichever_name_it_has_for_itself(client, host):
    assert asyncio.run(metrics(request(client=client, host=host))).status_code == 200
    assert asked("detail", client=client, host=host).status_code == 200
