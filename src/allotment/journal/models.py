"""The table of entries. Private to this package: others use `recording.py` and `queries.py`.

Invariant: append-only. `leaf` is SHA-256 over the RFC 8785 canonical bytes of every field but the number,
which the database assigns; the bytes can be rebuilt from the row at any time (`recording.leaf_bytes`).
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from django.db import models

from allotment.kernel.errors import NotAllowed

OBJECT_ID_LENGTH = 200


def _refuse() -> NoReturn:
    raise NotAllowed(
        "The journal only grows: an entry cannot be changed or removed.",
        hint="Record what happened next as a new entry.",
    )


class EntryQuerySet(models.QuerySet["JournalEntry"]):
    """Reads and inserts; refuses everything that changes or removes rows."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()

    def delete(self) -> NoReturn:
        """Refuse."""
        _refuse()

    def bulk_update(self, _objs: Any, _fields: Any, _batch_size: int | None = None) -> NoReturn:
        """Refuse."""
        _refuse()

    def append(self, entries: Sequence["JournalEntry"]) -> list["JournalEntry"]:
        """Insert new entries in this order, in one statement; their numbers ascend in the same order."""
        return self.bulk_create(entries)


class JournalEntry(models.Model):
    """One governed action. No foreign keys: an entry outlives whatever it names."""

    number = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10)
    actor = models.UUIDField(null=True)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=OBJECT_ID_LENGTH)
    space = models.UUIDField(null=True)
    app = models.UUIDField(null=True)
    run = models.UUIDField(null=True)
    policies = models.JSONField(default=list)
    details = models.JSONField(default=dict)
    leaf = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["JournalEntry"]] = EntryQuerySet.as_manager()

    class Meta:
        db_table = "journal_entry"
        # Unmanaged after the first migration, so that `flush` never tries to empty it. A migration that
        # changes the table sets `managed` back around its operations.
        managed = False
        ordering = ("-number",)
        indexes = (
            models.Index(fields=("at",), name="journal_at"),
            models.Index(fields=("actor", "number"), name="journal_actor"),
            models.Index(fields=("app", "number"), name="journal_app"),
            models.Index(fields=("run", "number"), name="journal_run"),
            models.Index(fields=("action", "number"), name="journal_action"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new entry; refuse to change an existing one."""
        if not self._state.adding:
            _refuse()
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()
