"""The table of entries only grows, and what is shown is computed from the very text that is proved."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from django.db import DatabaseError, connection, transaction
from django.utils.safestring import mark_safe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allotment.engine.recording import Entry, Personal
from allotment.journal import recording
from allotment.journal.bodies import body_of, read_body
from allotment.journal.models import JournalEntry
from allotment.journal.recording import marking, note, record, record_all
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, NotAllowed
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)


def stored(ticket: int) -> JournalEntry:
    return JournalEntry.objects.get(ticket=ticket)


def test_a_note_is_stored_as_it_was_given(monkeypatch):
    monkeypatch.setattr(recording, "_policy_version", lambda: "0123456789ab")
    actor, approver, space, app, run = (new_id() for _ in range(5))
    with clock.frozen(AT):
        row = stored(
            note(
                "apps.run", actor=actor, object_kind="app", object_id=str(app), space=space, app=app, run=run,
                outcome="refused", policies=("may-run",), approver=approver, flagged=True, version=3,
            )
        )  # fmt: skip
    assert (row.at, row.action, row.outcome, row.actor) == (
        "2026-11-23T09:30:15.123456Z", "apps.run", "refused", actor,
    )  # fmt: skip
    assert (row.object_kind, row.object_id, row.space, row.app, row.run) == ("app", str(app), space, app, run)
    assert row.flagged is True
    body = row.content
    assert (body.moment, body.id, body.approver, body.policies) == (AT, row.id, approver, ("may-run",))
    assert (body.policy_version, body.details) == ("0123456789ab", {"version": 3})


def test_the_text_names_every_field_in_canonical_order():
    one = UUID("0190aaaa-0000-7000-8000-000000000001")
    row = stored(record(Entry(AT, "apps.see", "done", None, "app", "x", id=one)))
    assert row.body == (
        '{"action":"apps.see","actor":null,"app":null,"approver":null,"at":"2026-11-23T09:30:15.123456Z",'
        '"commitments":{},"details":{},"flagged":false,"id":"0190aaaa-0000-7000-8000-000000000001",'
        '"object_id":"x","object_kind":"app","outcome":"done","policies":[],"policy_version":"'
        + row.content.policy_version
        + '","run":null,"space":null}'
    )
    assert (row.id, row.actor, row.flagged) == (one, None, False)


def test_entries_are_found_by_what_the_database_reads_from_their_text():
    actor, app, run = new_id(), new_id(), new_id()
    ticket = record(Entry(AT, "apps.see", "done", actor, "app", "x", app=app, run=run, flagged=True))
    for wanted in ({"actor": actor}, {"app": app}, {"run": run}):
        assert [row.ticket for row in JournalEntry.objects.filter(**wanted)] == [ticket]
    assert ticket in JournalEntry.objects.filter(flagged=True, at="2026-11-23T09:30:15.123456Z").values_list(
        "ticket", flat=True
    )


def test_personal_values_enter_as_commitments_only():
    said = {"name": Personal(new_id(), "Mira Patel")}
    row = stored(note("people.join", actor=None, object_kind="person", object_id="x", personal=said))
    assert "Mira" not in row.body
    assert row.content.commitments["name"].startswith("sha256:")


def test_marks_enter_every_entry_of_the_block():
    with marking(demo=True):
        assert stored(note("apps.make", actor=None, object_kind="app", object_id="x")).details == {
            "demo": True
        }


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    at=st.datetimes(
        datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(timezone(timedelta(hours=5)))
    ),
    actor=st.none() | st.uuids(),
    details=st.dictionaries(st.text("aZ_é\ud7ff", min_size=1), scalars, max_size=6),
    policies=st.lists(
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20),
        max_size=4,
    ),
    flagged=st.booleans(),
)
def test_the_text_of_any_entry_is_what_rfc8785_says(
    at: datetime,
    actor: UUID | None,
    details: dict[str, str | int | bool | None],
    policies: list[str],
    flagged: bool,
):
    entry = Entry(
        at, "apps.run", "done", actor, "app", "a", policies=tuple(policies), details=details, flagged=flagged
    )
    text = body_of(entry, "v", {"name": "sha256:0"})
    assert text == rfc8785.dumps(json.loads(text)).decode()
    body = read_body(text)
    assert (body.moment, body.actor, body.details, body.policies) == (at, actor, details, tuple(policies))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(details=st.dictionaries(st.text("abcdefgh_é", min_size=1), scalars, max_size=6))
def test_the_bytes_survive_the_database(details: dict[str, str | int | bool | None]):
    entry = Entry(AT, "apps.run", "done", None, "app", "a", details=details)
    version = recording.policy_version()
    assert stored(record(entry)).body == body_of(entry, version, {})


def test_a_kind_of_text_is_stored_as_text():
    title = mark_safe("Roses")
    assert stored(note("apps.see", actor=None, object_kind="app", object_id="x", title=title)).details == {
        "title": "Roses"
    }


def test_many_entries_get_ascending_tickets():
    tickets = record_all([Entry(AT, "apps.see", "done", None, "app", str(step)) for step in range(40)])
    assert [stored(one).object_id for one in tickets] == [str(step) for step in range(40)]
    assert list(tickets) == sorted(tickets)


def test_an_entry_that_is_there_already_is_refused():
    entry = Entry(AT, "apps.see", "done", None, "app", "x")
    record(entry)
    with pytest.raises(Conflict) as refusal:
        record(entry)
    assert refusal.value.code == "replayed"
    assert JournalEntry.objects.filter(id=entry.id).count() == 1


def test_an_entry_is_undone_with_the_action_it_describes():
    with transaction.atomic():
        number = note("apps.park", actor=None, object_kind="app", object_id="x")
        transaction.set_rollback(True)
    assert not JournalEntry.objects.filter(ticket=number).exists()


def test_details_beyond_what_json_can_hold_exactly_are_refused():
    with pytest.raises(Invalid, match="cannot hold the details"):
        note("apps.run", actor=None, object_kind="app", object_id="x", cost=2**60)


def test_an_object_id_that_is_too_long_is_refused():
    with pytest.raises(Invalid, match="too long"):
        note("apps.run", actor=None, object_kind="app", object_id="x" * 201)


@pytest.mark.parametrize(
    ("name", "value"), [("action", "a" * 61), ("object_kind", "k" * 41), ("outcome", "refused-so")]
)
def test_whatever_the_columns_cannot_show_is_refused(name, value):
    fields = {"action": "apps.see", "outcome": "done", "object_kind": "app", name: value * 2}
    with pytest.raises(Invalid, match="too long"):
        record(Entry(AT, actor=None, object_id="x", **fields))


@pytest.mark.parametrize("value", [1.5, ["a"], "half of a pair \ud800"])
def test_what_canonical_json_cannot_hold_exactly_is_refused(value):
    with pytest.raises(Invalid, match="cannot hold the details"):
        note("apps.run", actor=None, object_kind="app", object_id="x", value=value)


def test_a_name_that_sorts_differently_elsewhere_is_refused():
    with pytest.raises(Invalid, match="common planes"):
        record(Entry(AT, "apps.see", "done", None, "app", "x", details={"\U0001f331": 1}))


def test_a_null_character_is_refused():
    with pytest.raises(Invalid, match="null character"):
        note("apps.run", actor=None, object_kind="app", object_id="x", title="a\0b")


@pytest.fixture
def row():
    return JournalEntry.objects.get(ticket=note("apps.see", actor=None, object_kind="app", object_id="x"))


def test_saving_an_existing_entry_is_refused(row):
    row.action = "apps.park"
    with pytest.raises(NotAllowed, match="only grows"):
        row.save()


def test_deleting_an_entry_is_refused(row):
    with pytest.raises(NotAllowed):
        row.delete()


def test_updating_entries_is_refused(row):
    with pytest.raises(NotAllowed):
        JournalEntry.objects.filter(ticket=row.ticket).update(action="apps.park")
    with pytest.raises(NotAllowed):
        JournalEntry.objects.bulk_update([row], ["action"])
    with pytest.raises(NotAllowed):
        JournalEntry.objects.create(body="{}")


def test_deleting_a_set_of_entries_is_refused(row):
    with pytest.raises(NotAllowed):
        JournalEntry.objects.filter(ticket=row.ticket).delete()


def test_an_entry_cannot_take_the_ticket_of_another(row):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_entry (ticket, body) VALUES (%s, '{}')", [row.ticket])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET body = '{}'",
        "DELETE FROM journal_entry",
        pytest.param(
            "INSERT OR REPLACE INTO journal_entry (ticket, body) SELECT ticket, body FROM journal_entry",
            marks=pytest.mark.sqlite,
        ),
        pytest.param(  # the same id under another ticket
            "INSERT OR REPLACE INTO journal_entry (body) SELECT body FROM journal_entry",
            marks=pytest.mark.sqlite,
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
    assert JournalEntry.objects.get(ticket=row.ticket).action == "apps.see"
