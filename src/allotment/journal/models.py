"""The tables of the journal. Private to this package: others use `recording.py`, `changes.py` and `queries.py`.

Invariant: append-only, by these classes and by triggers in the database. An entry is its `body`, the text that is
proved, and what is shown is read from it. The database itself computes every other column from it, to search by; so
whoever does not make the table anew cannot have the two differ, and `verify` finds where somebody did.
Refuses: inserting, changing or removing rows through these classes; `inserting.py` appends.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.db import models

from allotment.engine.recording import Scalar
from allotment.journal.bodies import (
    ACTION_LENGTH,
    KIND_LENGTH,
    OBJECT_ID_LENGTH,
    OUTCOME_LENGTH,
    Body,
    read_body,
)
from allotment.journal.generated import FromBody
from allotment.kernel.errors import NotAllowed


def _refuse() -> NoReturn:
    raise NotAllowed(
        "The journal only grows: an entry cannot be changed or removed.",
        hint="Record what happened next as a new entry.",
    )


class GrowingQuerySet(models.QuerySet[Any]):
    """Reads; refuses everything that writes rows."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()

    def delete(self) -> NoReturn:
        """Refuse."""
        _refuse()

    def bulk_update(self, _objs: Any, _fields: Any, _batch_size: int | None = None) -> NoReturn:
        """Refuse."""
        _refuse()

    def create(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()

    def bulk_create(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()


class Growing(models.Model):
    """A row that is only ever appended, by `inserting.py`."""

    objects: ClassVar[models.Manager[Any]] = GrowingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        _refuse()


class JournalEntry(Growing):
    """One governed action. No foreign keys: an entry outlives whatever it names."""

    ticket = models.BigAutoField(primary_key=True)
    """Order of arrival. The place in the tree is the number of its `JournalLeaf`."""
    body = models.TextField()
    """RFC 8785 canonical JSON of every field of the entry. Text, never `jsonb`: these bytes are proved."""

    id = FromBody(models.UUIDField(unique=True))
    at = FromBody(models.CharField(max_length=27))
    """`2026-11-23T09:30:15.123456Z`: text sorts as time does, and nothing is lost in a conversion."""
    action = FromBody(models.CharField(max_length=ACTION_LENGTH))
    outcome = FromBody(models.CharField(max_length=OUTCOME_LENGTH))
    actor = FromBody(models.UUIDField(null=True))
    object_kind = FromBody(models.CharField(max_length=KIND_LENGTH))
    object_id = FromBody(models.CharField(max_length=OBJECT_ID_LENGTH))
    space = FromBody(models.UUIDField(null=True))
    app = FromBody(models.UUIDField(null=True))
    run = FromBody(models.UUIDField(null=True))
    flagged = FromBody(models.BooleanField())

    class Meta:
        db_table = "journal_entry"
        # Unmanaged after the migration that makes them, so that `flush` never tries to empty the tables.
        managed = False
        ordering = ("-ticket",)

    def __str__(self) -> str:
        return f"{self.ticket} {self.action} {self.outcome}"

    @cached_property
    def content(self) -> Body:
        """The whole entry."""
        return read_body(self.body)

    @property
    def details(self) -> Mapping[str, Scalar]:
        """The details of the entry."""
        return self.content.details


class JournalLeaf(Growing):
    """The place of an entry in the tree."""

    number = models.BigAutoField(primary_key=True)
    """From 0, without gaps; given by the sequencer."""
    entry = models.BigIntegerField(unique=True)
    """The ticket."""
    hash = models.BinaryField(max_length=32)
    """RFC 6962 leaf hash of the body's UTF-8 bytes."""

    class Meta:
        db_table = "journal_leaf"
        managed = False
        ordering = ("number",)


class JournalNode(Growing):
    """The root of a complete subtree of 2^`level` leaves; `level` is 8, 16, 24 and so on."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "journal_node"
        managed = False
        ordering = ("level", "index")


class JournalCheckpoint(Growing):
    """A signed statement of size and root, as it was signed."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "journal_checkpoint"
        managed = False
        ordering = ("size",)


class JournalChange(models.Model):
    """Something governed changed; `changes.py` tells who holds it in memory. Old rows may go."""

    number = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=KIND_LENGTH)
    object_id = models.CharField(max_length=OBJECT_ID_LENGTH)

    class Meta:
        db_table = "journal_change"
        managed = False
        ordering = ("number",)


class JournalPersonal(models.Model):
    """A value of an entry that says something about a person, sealed under that person's key.

    Not part of the tree: its entry holds a commitment to it, so it may become unreadable and the tree stays valid.
    """

    entry = models.UUIDField()
    """The id of the entry."""
    name = models.CharField(max_length=KIND_LENGTH)
    subject = models.UUIDField()
    sealed = models.BinaryField()
    """Salt and value; empty when the person had been erased before."""

    class Meta:
        db_table = "journal_personal"
        constraints = (models.UniqueConstraint(fields=("entry", "name"), name="journal_personal_once"),)
