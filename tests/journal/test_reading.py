"""Whoever reads the journal is recorded first, and keeps nobody from writing while they read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from allotment.journal import evidence, pages, proving
from allotment.journal.models import JournalEntry
from allotment.journal.reading import note_reading
from allotment.journal.recording import note
from allotment.journal.sequencing import sequence_now
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


def seen(**told: Any) -> int:
    return note("apps.see", **{"actor": None, "object_kind": "app", "object_id": "x", **told})


def readings() -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action="journal.read").order_by("ticket"))


def by_another_connection() -> int:
    """Write an entry as the gate would: at once, or not at all."""

    def write() -> int:
        with connections["default"].cursor() as cursor:
            if connections["default"].vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout=0")
        try:
            return seen()
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(write).result(timeout=30)


@pytest.mark.parametrize(
    "held",
    [
        ("?text=x", pages, "recent"),
        ("", pages.sequencing, "state"),
        ("{ticket}/", pages, "said_about_people"),
        ("{ticket}/", proving, "prove"),
        ("{ticket}/proof/", proving, "prove"),
        ("evidence/?text=x", pages, "tickets"),
        ("evidence/?action=apps.see", evidence, "write_pack"),
    ],
)
def test_others_write_while_somebody_reads(
    client: Client,
    signed_in: SignIn,
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    held: tuple[str, Any, str],
) -> None:
    path, module, name = held
    signed_in(client, roles=("auditor",))
    ticket = seen()
    sequence_now()
    written: list[int] = []
    done = getattr(module, name)

    def holding(*arguments: Any, **named: Any) -> Any:
        written.append(by_another_connection())
        result = done(*arguments, **named)
        written.append(by_another_connection())
        return result

    monkeypatch.setattr(module, name, holding)
    response = client.get(f"/journal/{path.format(ticket=ticket)}")
    assert response.status_code == 200
    response.close()
    assert len(written) == 2
    assert len(readings()) == 1


def test_a_reading_is_on_disk_by_itself() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        note_reading(None, "a test")


def test_nothing_is_shown_when_reading_cannot_be_recorded(
    client: Client, signed_in: SignIn, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, roles=("auditor",))
    ticket = seen(title="Roses & tulips")
    sequence_now()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pages, "note_reading", full)
    for path in ("", f"{ticket}/", f"{ticket}/proof/", f"evidence/?ticket={ticket}"):
        response = client.get(f"/journal/{path}")
        assert response.status_code == 503
        assert "Roses" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "From: "),
        ("until=2026-02-31", "Until: "),
        ("action=apps.water", "Did what: "),
        ("actor=nobody", "Who: The journal mentions no such name."),
        ("app=nothing", "App: The journal mentions no such name."),
        ("run=x", "Run: "),
        ("outcome=fine", "How it ended: "),
        ("acton=apps.see", "“acton” is no filter"),
        ("ticket=1&ticket=two", "“two” is no number of an entry"),
    ],
)
def test_evidence_for_a_filter_that_cannot_be_read_is_refused(
    client: Client, signed_in: SignIn, bare: Path, query: str, words: str
) -> None:
    signed_in(client, roles=("auditor",))
    seen()
    sequence_now()
    response = client.get(f"/journal/evidence/?{query}")
    assert response.status_code == 422
    assert words in response.content.decode()
    assert readings() == []
    page = client.get(f"/journal/?{query}").content.decode()
    assert ("Take as evidence" in page) is ("acton" in query or "ticket" in query)


def test_what_was_really_asked_for_is_recorded(client: Client, signed_in: SignIn, bare: Path) -> None:
    reader = signed_in(client, roles=("auditor",))
    tickets = [seen(actor=reader.id) for _ in range(3)]
    sequence_now()
    client.get(f"/journal/evidence/?actor={reader.id}&since=2026-01-01").close()
    client.get(f"/journal/evidence/?ticket={tickets[2]}&ticket={tickets[0]}&action=apps.run").close()
    client.get("/journal/?action=apps.see&since=yesterday")
    filtered, chosen, page = (one.details for one in readings())
    assert filtered == {"about actor": str(reader.id), "from": "2026-01-01", "entries": 3, "size": 3}
    assert chosen == {"chosen": f"{tickets[2]}, {tickets[0]}", "entries": 2, "size": 3}
    assert page == {"about action": "apps.see"}
