"""The table of entries only grows, and every leaf is the digest of its fields."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allotment.engine.recording import Entry
from allotment.journal.models import JournalEntry
from allotment.journal.recording import leaf_bytes, leaf_of, note, record
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, NotAllowed
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)


def test_a_note_is_stored_as_it_was_given():
    actor, space, app, run = new_id(), new_id(), new_id(), new_id()
    with clock.frozen(AT):
        number = note(
            "apps.run", actor=actor, object_kind="app", object_id=str(app), space=space, app=app, run=run,
            outcome="refused", policies=("may-run",), version=3, personal=True,
        )  # fmt: skip
    row = JournalEntry.objects.get(number=number)
    assert (row.at, row.action, row.outcome, row.actor) == (AT, "apps.run", "refused", actor)
    assert (row.space, row.app, row.run, row.policies) == (space, app, run, ["may-run"])
    assert row.details == {"version": 3, "personal": True}


def test_the_leaf_is_sha256_over_canonical_bytes_that_name_every_field():
    row = JournalEntry.objects.get(number=record(Entry(AT, "apps.see", "done", None, "app", "x")))
    assert leaf_bytes(row) == (
        b'{"action":"apps.see","actor":null,"app":null,"at":"2026-11-23T09:30:15.123456+00:00","details":{},'
        b'"object_id":"x","object_kind":"app","outcome":"done","policies":[],"run":null,"space":null}'
    )
    assert row.leaf == hashlib.sha256(leaf_bytes(row)).hexdigest()


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.datetimes(
        datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone(timedelta(hours=5)))
    ),
    actor=st.none() | st.uuids(),
    details=st.dictionaries(st.text("abcdefgh_é", min_size=1), scalars, max_size=6),
    policies=st.lists(st.text("abc-", max_size=20), max_size=4),
)
def test_any_entry_read_back_has_the_same_leaf(
    at: datetime, actor: UUID | None, details: dict[str, str | int | bool | None], policies: list[str]
):
    entry = Entry(at, "apps.run", "done", actor, "app", "a", policies=tuple(policies), details=details)
    row = JournalEntry.objects.get(number=record(entry))
    assert row.leaf == leaf_of(row)


def test_an_entry_is_undone_with_the_action_it_describes():
    with transaction.atomic():
        number = note("apps.park", actor=None, object_kind="app", object_id="x")
        transaction.set_rollback(True)
    assert not JournalEntry.objects.filter(number=number).exists()


def test_details_beyond_what_json_can_hold_exactly_are_refused():
    with pytest.raises(Invalid, match="cannot hold the details"):
        note("apps.run", actor=None, object_kind="app", object_id="x", cost=2**60)


def test_an_object_id_that_is_too_long_is_refused():
    with pytest.raises(Invalid, match="too long"):
        note("apps.run", actor=None, object_kind="app", object_id="x" * 201)


def test_a_null_character_is_refused():
    with pytest.raises(Invalid, match="null character"):
        note("apps.run", actor=None, object_kind="app", object_id="x", title="a\0b")


@pytest.fixture
def row():
    return JournalEntry.objects.get(number=note("apps.see", actor=None, object_kind="app", object_id="x"))


def test_saving_an_existing_entry_is_refused(row):
    row.action = "apps.park"
    with pytest.raises(NotAllowed, match="only grows"):
        row.save()


def test_deleting_an_entry_is_refused(row):
    with pytest.raises(NotAllowed):
        row.delete()


def test_updating_entries_is_refused(row):
    with pytest.raises(NotAllowed):
        JournalEntry.objects.filter(number=row.number).update(action="apps.park")
    with pytest.raises(NotAllowed):
        JournalEntry.objects.bulk_update([row], ["action"])


def test_deleting_a_set_of_entries_is_refused(row):
    with pytest.raises(NotAllowed):
        JournalEntry.objects.filter(number=row.number).delete()


def test_an_entry_cannot_take_the_number_of_another(row):
    with pytest.raises(DatabaseError), transaction.atomic():
        JournalEntry(number=row.number, at=AT, action="a", outcome="done", leaf="").save()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET action = 'apps.park'",
        "DELETE FROM journal_entry",
        pytest.param(
            "INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry", marks=pytest.mark.sqlite
        ),
    ],
)
def test_the_database_itself_refuses_changes(row, statement):
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert JournalEntry.objects.get(number=row.number).action == "apps.see"
