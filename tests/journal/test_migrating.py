"""An installation of the first version becomes one with a tree: no entry is lost, their order and facts stay."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from allotment.journal.models import JournalEntry
from allotment.journal.recording import note
from allotment.kernel.ids import new_id
from tests.journal.conftest import forget_signatures

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 9, 1, 8, 30, 0, 5, tzinfo=UTC)


def migrate(name: str) -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.migrate([("journal", name)])
    return MigrationExecutor(connection)


@pytest.fixture
def first_version() -> Iterator[MigrationExecutor]:
    """Return the state of the first migration. Nothing leads back from the tree, so its tables are dropped."""
    with connection.cursor() as cursor:
        for table in ("entry", "leaf", "node", "checkpoint", "change", "personal"):
            cursor.execute(f"DROP TABLE journal_{table}")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'journal'")
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION journal_entry_only_grows")
    forget_signatures()
    yield migrate("0001_entries")
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("journal")
    MigrationExecutor(connection).migrate(newest)


def test_entries_keep_their_order_and_facts(first_version):
    actor, app, run = new_id(), new_id(), new_id()
    old = first_version.loader.project_state([("journal", "0001_entries")]).apps.get_model(
        "journal", "JournalEntry"
    )
    old.objects.create(
        number=7, at=AT, action="apps.run", outcome="done", actor=actor, object_kind="app", object_id="é\n",
        app=app, run=run, policies=["may-run"], details={"tokens": 5, "demo": True, "none": None}, leaf="x",
    )  # fmt: skip
    for number in range(8, 3008):
        old(
            number=number,
            at=AT,
            action="apps.see",
            outcome="refused",
            object_kind="app",
            object_id="x",
            leaf="x",
        ).save()
    migrate("0002_tree")
    rows = JournalEntry.objects.order_by("ticket")
    assert list(rows.values_list("ticket", flat=True)) == list(range(7, 3008))
    body = rows[0].content
    assert (body.moment, body.action, body.outcome, body.actor) == (AT, "apps.run", "done", actor)
    assert (body.object_kind, body.object_id, body.app, body.run, body.space) == (
        "app",
        "é\n",
        app,
        run,
        None,
    )
    assert (body.policies, body.details) == (("may-run",), {"tokens": 5, "demo": True, "none": None})
    assert (rows[0].at, rows[0].actor, rows[0].flagged) == ("2026-09-01T08:30:00.000005Z", actor, False)
    assert rows[0].id.int >> 80 == int(AT.timestamp() * 1000)
    assert len({row.id for row in rows}) == 3001
    migrate("0003_personal")
    assert note("apps.see", actor=None, object_kind="app", object_id="x") == 3008
