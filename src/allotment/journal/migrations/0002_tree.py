"""Entries as canonical text, and the tables of the tree. Entries made before keep their order, as tickets."""

from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from allotment.engine.recording import Entry
from allotment.journal.bodies import body_of
from allotment.journal.generated import FromBody, make_table
from allotment.kernel.ids import new_id

_BATCH = 2000
_SQLITE = (
    """
    CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, 'The journal only grows: a row cannot be changed.'); END
    """,
    """
    CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, 'The journal only grows: a row cannot be removed.'); END
    """,
)
_TABLES = ("journal_entry", "journal_leaf", "journal_node", "journal_checkpoint")
_POSTGRESQL = (
    """
    CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION journal_entry_only_grows()
    """,
    """
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_only_grows()
    """,
)


def forbid_changes(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for table in _TABLES:
        for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
            editor.execute(statement.format(table=table), params=None)


def drop_old_triggers(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        for what in ("update", "delete", "replace"):
            editor.execute(f"DROP TRIGGER journal_entry_no_{what}")
    else:
        for what in ("change", "truncate"):
            editor.execute(f"DROP TRIGGER journal_entry_no_{what} ON journal_entry")


class CreateEntries(migrations.CreateModel):
    """Makes the table as each database does best."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        make_table(schema_editor, to_state.apps.get_model(app_label, self.name))


def convert(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write every old entry again, its number as its ticket."""
    alias = editor.connection.alias
    new = apps.get_model("journal", "JournalEntry")
    old = apps.get_model("journal", "EntryBeforeTree").objects.using(alias).order_by("number")
    rows = (new(ticket=row.number, body=body_of(_entry(row), "", {})) for row in old.iterator(_BATCH))
    while batch := list(islice(rows, _BATCH)):
        new.objects.using(alias).bulk_create(batch)
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "SELECT setval(pg_get_serial_sequence('journal_entry', 'ticket'), max(ticket)) FROM journal_entry"
            " HAVING max(ticket) IS NOT NULL"
        )


def _entry(row: Any) -> Entry:
    return Entry(
        id=_id_from(row.at), at=row.at, action=row.action, outcome=row.outcome, actor=row.actor,
        object_kind=row.object_kind, object_id=row.object_id, space=row.space, app=row.app, run=row.run,
        policies=tuple(row.policies), details=row.details,
    )  # fmt: skip


def _id_from(at: datetime) -> UUID:
    """Return a UUIDv7 of that time, as `kernel.ids` would have made it."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | new_id().int & (2**80 - 1))


_UNMANAGED = {
    "journalentry": ("-ticket",),
    "journalleaf": ("number",),
    "journalnode": ("level", "index"),
    "journalcheckpoint": ("size",),
    "journalchange": ("number",),
}
_SHOWN = {
    "id": models.UUIDField(unique=True),
    "at": models.CharField(max_length=27),
    "action": models.CharField(max_length=60),
    "outcome": models.CharField(max_length=10),
    "actor": models.UUIDField(null=True),
    "object_kind": models.CharField(max_length=40),
    "object_id": models.CharField(max_length=200),
    "space": models.UUIDField(null=True),
    "app": models.UUIDField(null=True),
    "run": models.UUIDField(null=True),
    "flagged": models.BooleanField(),
}


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_entries")]

    operations = [
        migrations.RunPython(drop_old_triggers, elidable=False),
        migrations.AlterModelOptions("journalentry", {"managed": True}),
        *(
            migrations.RemoveIndex("journalentry", f"journal_{name}")
            for name in ("at", "actor", "app", "run", "action")
        ),
        migrations.RenameModel("JournalEntry", "EntryBeforeTree"),
        migrations.AlterModelTable("entrybeforetree", "journal_entry_before_tree"),
        CreateEntries(
            name="JournalEntry",
            fields=[
                ("ticket", models.BigAutoField(primary_key=True, serialize=False)),
                ("body", models.TextField()),
                *((name, FromBody(field)) for name, field in _SHOWN.items()),
            ],
            options={"db_table": "journal_entry"},
        ),
        migrations.CreateModel(
            name="JournalLeaf",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("entry", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={"db_table": "journal_leaf"},
        ),
        migrations.CreateModel(
            name="JournalNode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={"db_table": "journal_node"},
        ),
        migrations.CreateModel(
            name="JournalCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "journal_checkpoint"},
        ),
        migrations.CreateModel(
            name="JournalChange",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=200)),
            ],
            options={"db_table": "journal_change"},
        ),
        migrations.AddConstraint(
            "journalnode", models.UniqueConstraint(fields=("level", "index"), name="journal_node_once")
        ),
        migrations.RunPython(convert, elidable=False),
        migrations.DeleteModel("EntryBeforeTree"),
        # After the rows are there: made once, not kept up row by row.
        migrations.AddIndex("journalentry", models.Index(fields=("at",), name="journal_at")),
        migrations.AddIndex("journalentry", models.Index(fields=("action", "ticket"), name="journal_action")),
        *(
            migrations.AddIndex(
                "journalentry",
                models.Index(
                    fields=(name, "ticket"), name=f"journal_{name}", condition=models.Q((f"{name}__isnull", False))
                ),
            )
            for name in ("actor", "app", "run")
        ),
        migrations.AddIndex(
            "journalentry",
            models.Index(fields=("ticket",), name="journal_flagged", condition=models.Q(flagged=True)),
        ),
        migrations.RunPython(forbid_changes, elidable=False),
        *(
            migrations.AlterModelOptions(name, {"managed": False, "ordering": ordering})
            for name, ordering in _UNMANAGED.items()
        ),
    ]
