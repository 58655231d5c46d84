"""Personal values: outside the tree, bound to it, readable until the person's key is destroyed."""

import asyncio
from uuid import uuid4

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.engine.recording import Entry, Personal
from allotment.journal import personal
from allotment.journal.models import JournalEntry, JournalPersonal
from allotment.journal.personal import (
    PersonalValue,
    commitment,
    commitments,
    matches,
    missing,
    said_in,
    salted,
    values_of,
)
from allotment.journal.recording import note, record
from allotment.journal.writing import JournalWriter
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable
from allotment.keys.erasing import destroy

ANN = Personal(uuid4(), "Ann Field")


def entry(**personal: Personal) -> Entry:
    return Entry(
        at=clock.now(),
        action="people.manage",
        outcome="done",
        actor=None,
        object_kind="person",
        object_id="1",
        personal=personal,
    )


@pytest.mark.django_db
def test_a_personal_value_can_be_read_and_checked() -> None:
    said = Personal(uuid4(), "Ann Field")
    made = entry(name=said)
    record(made)
    (value,) = values_of([made.id])[made.id]
    assert (value.name, value.subject, value.value) == ("name", said.subject, "Ann Field")
    assert matches(made.id, value, JournalEntry.objects.get(id=made.id).content.commitments)


@pytest.mark.django_db
def test_the_entry_holds_only_the_commitment() -> None:
    made = entry(name=Personal(uuid4(), "Ann Field"))
    record(made)
    row = JournalEntry.objects.get(id=made.id)
    assert "Ann Field" not in row.body
    assert row.content.commitments["name"].startswith("sha256:")
    assert b"Ann Field" not in bytes(JournalPersonal.objects.get().sealed)


@pytest.mark.django_db
def test_after_erasure_the_value_is_gone_and_the_entry_unchanged() -> None:
    ann, bo = Personal(uuid4(), "Ann Field"), Personal(uuid4(), "Bo Meadow")
    made = entry(name=ann, host=bo)
    record(made)
    before = JournalEntry.objects.get(id=made.id).body
    destroy(ann.subject)
    host, name = values_of([made.id])[made.id]
    assert (name.value, name.is_erased, name.salt) == (None, True, b"")
    assert host.value == "Bo Meadow"
    assert JournalEntry.objects.get(id=made.id).body == before
    assert matches(made.id, name, JournalEntry.objects.get(id=made.id).content.commitments)


@pytest.mark.django_db
def test_what_is_said_about_somebody_erased_is_recorded_without_being_kept() -> None:
    ann = Personal(uuid4(), "Ann Field")
    destroy(ann.subject)
    made = entry(name=ann)
    record(made)
    assert bytes(JournalPersonal.objects.get(entry=made.id).sealed) == b""
    assert values_of([made.id])[made.id][0].is_erased


@pytest.mark.django_db
def test_a_value_moved_to_another_entry_is_refused() -> None:
    first, second = entry(name=ANN), entry(name=ANN)
    record(first)
    record(second)
    value = values_of([first.id])[first.id][0]
    assert not matches(second.id, value, JournalEntry.objects.get(id=second.id).content.commitments)


@pytest.mark.django_db
def test_notes_take_personal_values() -> None:
    subject = uuid4()
    ticket = note(
        "people.manage",
        actor=None,
        object_kind="person",
        object_id=str(subject),
        personal={"name": Personal(subject, "Ann")},
    )
    row = JournalEntry.objects.get(ticket=ticket)
    assert values_of([row.id])[row.id][0].value == "Ann"


@pytest.mark.django_db
def test_entries_without_personal_values_have_none() -> None:
    made = entry()
    record(made)
    assert values_of([made.id]) == {}


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_commitment_is_of_one_value_and_one_salt(first: str, second: str) -> None:
    made, salt = uuid4(), bytes(32)
    is_same = commitment(made, "name", first, salt) == commitment(made, "name", second, salt)
    assert is_same == (first == second)
    assert commitment(made, "name", first, salt) != commitment(made, "name", first, bytes([1]) * 32)
    assert commitment(made, "name", first, salt) != commitment(made, "e-mail", first, salt)


def test_the_same_value_is_never_committed_to_alike() -> None:
    made = entry(name=ANN)
    assert commitments(salted(made)) != commitments(salted(made))


def test_a_value_that_was_changed_does_not_match() -> None:
    made = entry(name=ANN)
    (kept,) = salted(made)
    committed = commitments([kept])
    right = PersonalValue("name", ANN.subject, kept.value, kept.salt)
    assert matches(made.id, right, committed)
    assert not matches(made.id, PersonalValue("name", ANN.subject, "Bo", kept.salt), committed)
    assert not matches(made.id, right, {})


@pytest.mark.django_db
def test_a_value_that_was_removed_or_changed_is_told_as_that() -> None:
    made, other = entry(name=ANN, host=Personal(uuid4(), "Bo")), entry(name=Personal(uuid4(), "Cy"))
    record(made)
    record(other)
    committed = JournalEntry.objects.get(id=made.id).content.commitments
    host, name = said_in(made.id, committed)
    assert (host.value, name.value) == ("Bo", "Ann Field")
    JournalPersonal.objects.filter(entry=made.id, name="host").delete()
    host, name = said_in(made.id, committed)
    assert (host.value, host.is_missing, host.is_erased, name.value) == (None, True, False, "Ann Field")
    host, name = said_in(made.id, {**committed, "name": "sha256:00"})
    assert (name.value, name.is_changed) == (None, True)
    assert said_in(other.id, {})[0].is_changed


@pytest.mark.django_db
@pytest.mark.parametrize("sealed", ["of another", b"junk", b"\x02" + bytes(60)])
def test_a_sealed_value_that_was_moved_or_damaged_is_told_as_changed(sealed: bytes | str) -> None:
    made, other = entry(name=ANN, host=Personal(uuid4(), "Bo")), entry(name=Personal(uuid4(), "Cy"))
    record(made)
    record(other)
    if isinstance(sealed, str):
        sealed = bytes(JournalPersonal.objects.get(entry=other.id).sealed)
    JournalPersonal.objects.filter(entry=made.id, name="name").update(sealed=sealed)
    host, name = said_in(made.id, JournalEntry.objects.get(id=made.id).content.commitments)
    assert (host.value, name.value, name.is_changed) == ("Bo", None, True)


@pytest.mark.django_db
def test_entries_that_lack_a_row_are_found() -> None:
    whole, lacking, erased = (entry(name=Personal(uuid4(), "Ann"), host=ANN) for _ in range(3))
    for one in (whole, lacking, erased):
        record(one)
    destroy(erased.personal["name"].subject)
    committed = [(at, str(one.id), ("name", "host")) for at, one in enumerate((whole, lacking, erased))]
    assert list(missing(committed)) == []
    JournalPersonal.objects.filter(entry=lacking.id).delete()
    assert list(missing(committed)) == [(1, ["host", "name"])]
    assert list(missing([(7, "nonsense", ("name",))])) == [(7, ["name"])]


@pytest.mark.django_db(transaction=True)
def test_the_writer_of_the_gate_keeps_personal_values_too() -> None:
    made = entry(name=Personal(uuid4(), "Ann Field"))
    writer = JournalWriter()
    writer.start()
    try:
        ticket = anyio.run(writer.record, made)
    finally:
        writer.stop()
    assert JournalEntry.objects.get(ticket=ticket).id == made.id
    assert values_of([made.id])[made.id][0].value == "Ann Field"


@pytest.mark.django_db(transaction=True)
def test_a_value_that_cannot_be_sealed_fails_its_own_entry_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_key(_: object) -> bytes:
        raise Unavailable("The master key is needed.")

    monkeypatch.setattr(personal, "_sealed", no_key)
    failing, well = entry(name=ANN), entry()
    writer = JournalWriter()
    writer.start()

    async def both() -> list[object]:
        return await asyncio.gather(writer.record(failing), writer.record(well), return_exceptions=True)

    try:
        refused, ticket = anyio.run(both)
    finally:
        writer.stop()
    assert isinstance(refused, Unavailable)
    assert JournalEntry.objects.get(id=well.id).ticket == ticket
    assert not JournalEntry.objects.filter(id=failing.id).exists()
