"""The table of entries, and the triggers that keep it append-only whoever holds the connection."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE = (
    """
    CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
    BEGIN SELECT RAISE(ABORT, 'The journal only grows: an entry cannot be changed.'); END
    """,
    """
    CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
    BEGIN SELECT RAISE(ABORT, 'The journal only grows: an entry cannot be removed.'); END
    """,
    # INSERT OR REPLACE removes the old row without firing delete triggers unless recursive_triggers is on.
    """
    CREATE TRIGGER journal_entry_no_replace BEFORE INSERT ON journal_entry
    WHEN EXISTS (SELECT 1 FROM journal_entry WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'The journal only grows: an entry cannot be changed.'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION journal_entry_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'The journal only grows: entries cannot be changed or removed.'; END $$
    """,
    """
    CREATE TRIGGER journal_entry_no_change BEFORE UPDATE OR DELETE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_only_grows()
    """,
    """
    CREATE TRIGGER journal_entry_no_truncate BEFORE TRUNCATE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_only_grows()
    """,
)


def forbid_changes(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(statement)


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=60)),
                ("outcome", models.CharField(max_length=10)),
                ("actor", models.UUIDField(null=True)),
                ("object_kind", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=200)),
                ("space", models.UUIDField(null=True)),
                ("app", models.UUIDField(null=True)),
                ("run", models.UUIDField(null=True)),
                ("policies", models.JSONField(default=list)),
                ("details", models.JSONField(default=dict)),
                ("leaf", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "journal_entry",
                "ordering": ("-number",),
                "indexes": [
                    models.Index(fields=["at"], name="journal_at"),
                    models.Index(fields=["actor", "number"], name="journal_actor"),
                    models.Index(fields=["app", "number"], name="journal_app"),
                    models.Index(fields=["run", "number"], name="journal_run"),
                    models.Index(fields=["action", "number"], name="journal_action"),
                ],
            },
        ),
        migrations.RunPython(forbid_changes, elidable=False),
        migrations.AlterModelOptions(name="journalentry", options={"managed": False, "ordering": ("-number",)}),
    ]
