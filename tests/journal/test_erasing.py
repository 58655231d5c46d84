"""Erasing a person: the tree and its proofs stay as they are, and nothing of the person can be read anywhere."""

import hashlib
import sqlite3
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connections

from allotment.engine.recording import Personal
from allotment.journal.erasing import erase
from allotment.journal.models import JournalEntry, JournalLeaf, JournalPersonal
from allotment.journal.personal import values_of
from allotment.journal.recording import note
from allotment.keys.models import DataKeyRow
from tests.reading import bytes_of

NAME, EMAIL = "Ann Rarely-Named", "ann.rarely@example.org"


def say_who(person: UUID) -> int:
    """Record something about a person."""
    return note(
        "people.manage",
        actor=None,
        object_kind="person",
        object_id=str(person),
        personal={"name": Personal(person, NAME), "e-mail": Personal(person, EMAIL)},
        what="invited",
    )


def tree() -> list[object]:
    """Return what is proved."""
    bodies = JournalEntry.objects.order_by("ticket").values_list("ticket", "body")
    leaves = JournalLeaf.objects.order_by("number").values_list("number", "entry", "hash")
    return [*bodies, *leaves]


@pytest.mark.django_db
def test_the_key_is_gone_the_entry_stays_and_it_is_recorded() -> None:
    person, by = uuid4(), uuid4()
    entry = JournalEntry.objects.get(ticket=say_who(person))
    before = tree()
    ticket = erase(person, by, "request 2026-14")
    assert tree()[: len(before)][:1] == before[:1]
    assert all(value.is_erased for value in values_of([entry.id])[entry.id])
    told = JournalEntry.objects.get(ticket=ticket)
    assert (told.action, told.actor, told.object_id) == ("people.erase", by, str(person))
    assert told.details == {"reason": "request 2026-14"}


@pytest.mark.django_db
def test_erasing_twice_does_nothing_the_second_time() -> None:
    person = uuid4()
    say_who(person)
    assert erase(person, None, "request 1") is not None
    before = tree()
    assert erase(person, None, "request 1") is None
    assert tree() == before


@pytest.mark.sqlite
def test_nothing_is_readable_in_a_raw_copy_of_the_database(transactional_db: None, tmp_path: Path) -> None:
    person = uuid4()
    say_who(person)
    wrapped = bytes(DataKeyRow.objects.get(subject=person).wrapped)
    erase(person, None, "request 2026-14")
    name = Path(connections["default"].settings_dict["NAME"])
    content = b"".join(bytes_of(path) for path in name.parent.glob(f"{name.name}*"))
    dump = "\n".join(sqlite3.connect(name).iterdump()).encode()
    for hidden in (NAME.encode(), EMAIL.encode(), wrapped, wrapped.hex().upper().encode()):
        assert hidden not in content
        assert hidden not in dump
    # Nothing left can confirm a guess either: without its salt a commitment matches no value.
    (row, *_) = JournalPersonal.objects.filter(subject=person)
    committed = JournalEntry.objects.get(id=row.entry).content.commitments.values()
    assert f"sha256:{hashlib.sha256(NAME.encode()).hexdigest()}" not in committed
