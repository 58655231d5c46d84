"""Everybody may know that the process answers; this machine may know what does not go on."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from allotment.gateway.health import health, metrics
from allotment.journal.sequencing import sequence_now
from allotment.kernel import clock
from tests.journal.conftest import bare, home, record  # noqa: F401 - two of them are fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def asked(query: str = "", *, host: str = "127.0.0.1", forwarded: bool = False) -> Response:
    headers = [(b"x-forwarded-for", b"203.0.113.9")] if forwarded else []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": query.encode(),
        "headers": headers,
        "client": (host, 1),
    }
    return asyncio.run(health(Request(scope)))


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
    answer = asked(host="203.0.113.9")
    assert (answer.status_code, answer.body) == (200, b"ok")


@pytest.mark.parametrize("asking", [{"host": "203.0.113.9"}, {"forwarded": True}, {"host": "a-name"}])
def test_nobody_else_learns_how_it_is_doing(asking):
    answer = asked("detail", **asking)
    assert answer.status_code == 403
    assert b"journal" not in answer.body


def test_metrics_are_for_this_machine_too():
    scope = {"type": "http", "headers": [], "client": ("203.0.113.9", 1)}
    assert asyncio.run(metrics(Request(scope))).status_code == 403
