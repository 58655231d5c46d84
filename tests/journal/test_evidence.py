"""Evidence taken from the page: proved by the program in it, and every look at the journal is in the journal."""

import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from allotment.engine.principals import Role
from allotment.engine.recording import Personal
from allotment.journal import evidence
from allotment.journal.exporting import Format, lines
from allotment.journal.models import JournalEntry, JournalLeaf
from allotment.journal.recording import note
from allotment.journal.sequencing import sequence_now
from allotment.journal.verifying import Outside, verify
from allotment.people.erasing import erase
from tests.conftest import MakePerson, SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def journal(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the home of an empty journal, whose public keys the packs and the page show."""
    monkeypatch.setattr(
        evidence, "public_keys", lambda: Outside.read(bare).vkeys or ""
    )  # the settings of the installation are elsewhere
    return bare


def seen() -> int:
    return note("apps.see", actor=None, object_kind="app", object_id="x")


def readings() -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action="journal.read").order_by("ticket"))


def proved(content: bytes, home: Path, folder: Path) -> str:
    """Return what the offline verifier says of a pack; it must be proved."""
    pack = folder / "pack.zip"
    pack.write_bytes(content)
    with zipfile.ZipFile(pack) as opened:
        program = opened.extract("verify_journal.py", folder)
    key = (Outside.read(home).vkeys or "").split()[0]
    done = subprocess.run(
        [sys.executable, program, pack, "--key", key], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OFFICER])
def test_evidence_from_the_page_is_proved_offline(
    client: Client, signed_in: SignIn, journal: Path, tmp_path: Path, role: Role
) -> None:
    signed_in(client, roles=(role,))
    chosen = [seen() for _ in range(5)]
    sequence_now()
    response = client.get(f"/journal/evidence/?ticket={chosen[0]}&ticket={chosen[3]}")
    assert proved(b"".join(response.streaming_content), journal, tmp_path)
    response = client.get("/journal/evidence/?action=apps.see")
    content = b"".join(response.streaming_content)
    assert proved(content, journal, tmp_path)
    assert zipfile.ZipFile(BytesIO(content)).read("entries.jsonl").count(b"\n") == 5


def test_every_look_is_recorded_and_what_was_typed_is_not(
    client: Client, signed_in: SignIn, journal: Path
) -> None:
    reader = signed_in(client, roles=("auditor",))
    ticket = seen()
    sequence_now()
    for path in (
        "?text=Rumpelstiltskin&flagged=on",
        f"{ticket}/",
        f"{ticket}/proof/",
        f"evidence/?ticket={ticket}",
    ):
        response = client.get(f"/journal/{path}")
        assert response.status_code == 200
        response.close()
    assert [one.object_id for one in readings()] == ["entries", "entry", "proof", "evidence"]
    assert {one.actor for one in readings()} == {reader.id}
    assert readings()[0].details == {"searched for words": True, "flagged only": True}
    assert not JournalEntry.objects.filter(body__icontains="rumpel").exists()


@pytest.mark.parametrize("role", ["colleague", "maker", "steward", "reviewer"])
def test_others_see_nothing(client: Client, signed_in: SignIn, journal: Path, role: str) -> None:
    signed_in(client, roles=(role,))
    ticket = seen()
    sequence_now()
    for path in ("", f"{ticket}/", f"{ticket}/proof/", f"evidence/?ticket={ticket}"):
        assert client.get(f"/journal/{path}").status_code == 403
    assert readings() == []


def test_what_cannot_be_proved_is_told(
    client: Client, signed_in: SignIn, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, roles=("auditor",))
    ticket = seen()
    assert "not signed yet" in client.get("/journal/evidence/").content.decode()
    assert "not signed yet" in client.get(f"/journal/{ticket}/").content.decode()
    seen()
    sequence_now()
    assert "no entry was chosen" in client.get("/journal/evidence/?action=apps.park").content.decode()
    late = seen()
    assert "not signed yet" in client.get(f"/journal/evidence/?ticket={late}").content.decode()
    monkeypatch.setattr(evidence, "MOST_PROVED", 1)
    assert "more than 1 entries" in client.get("/journal/evidence/").content.decode()
    assert client.get("/journal/999999/").status_code == 404


def test_the_page_shows_the_public_key(client: Client, signed_in: SignIn, journal: Path) -> None:
    signed_in(client, roles=("auditor",))
    seen()
    sequence_now()
    key = (Outside.read(journal).vkeys or "").strip()
    assert key in client.get("/journal/").content.decode()


def test_after_erasing_everything_is_proved_and_nothing_of_the_person_is_readable(
    client: Client, signed_in: SignIn, person: MakePerson, journal: Path, tmp_path: Path
) -> None:
    person(roles=("administrator",))
    ann = person(name="Ann Rarely-Named", email="ann.rarely@example.org")
    personal = {"name": Personal(ann.id, ann.name), "e-mail": Personal(ann.id, ann.email)}
    ticket = note("people.manage", actor=None, object_kind="person", object_id=str(ann.id), personal=personal)
    sequence_now()
    signed_in(client, roles=("auditor",))
    assert ann.email in client.get(f"/journal/{ticket}/").content.decode()
    assert erase(None, ann.id, "request 2026-14")
    sequence_now()
    found = verify(Outside.read(journal))
    assert found.problems == ()
    tickets = list(JournalLeaf.objects.values_list("entry", flat=True))
    pack = BytesIO()
    evidence.write_pack(tickets, pack)
    assert proved(pack.getvalue(), journal, tmp_path)
    page = client.get(f"/journal/{ticket}/").content
    assert b"erased on request" in page
    shown = [page, client.get("/journal/").content, *lines(Format.JSON), *lines(Format.OCSF), _dump()]
    for hidden in (b"Rarely", b"ann.rarely"):
        assert not [one for one in shown if re.search(hidden, one, re.IGNORECASE)]


def _dump() -> bytes:
    """Return every row of every table."""
    rows: list[bytes] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names from the database
            for row in cursor.fetchall():
                rows += [bytes(one) if isinstance(one, memoryview) else str(one).encode() for one in row]
    return b"\n".join(rows)
