"""The table of data keys. Private to this package.

Invariant: one current key for general use and one key for each person, whoever makes it first. A destroyed key keeps
its row, so that nobody makes that person another.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from allotment.kernel import clock
from allotment.kernel.ids import new_id


class Kind(models.TextChoices):
    """What a row holds."""

    GENERAL = "general"
    """Seals what is about nobody in particular."""
    PERSON = "person"
    """Seals what is about one person."""
    FORMER_MASTER = "former master"
    """An earlier master key: wraps nothing any more, but opens what was sealed before there were data keys."""


class DataKeyRow(models.Model):
    """A data key, wrapped."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject = models.UUIDField(null=True)
    """The person, for a person's key. No foreign key: the table knows no feature."""
    wrapped = models.BinaryField()
    """Empty once destroyed."""
    master = models.CharField(max_length=200, db_index=True)
    """The name of the master key that unwraps it."""
    made_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True)
    """From when on it opens but seals no more."""
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["DataKeyRow"]]

    class Meta:
        db_table = "keys_datakey"
        constraints = (
            models.UniqueConstraint(
                fields=("kind",), condition=Q(kind="general", retired_at=None), name="keys_one_general"
            ),
            models.UniqueConstraint(
                fields=("subject",), condition=Q(kind="person"), name="keys_one_per_person"
            ),
            models.CheckConstraint(
                condition=Q(kind="person", subject__isnull=False)
                | (~Q(kind="person") & Q(subject=None, destroyed_at=None)),
                name="keys_subject_is_a_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
