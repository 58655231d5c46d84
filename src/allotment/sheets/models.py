"""Tables of sheets. Private to this package."""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.ids import new_id


class Sheet(models.Model):
    """One table that somebody brought."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    used_at = models.DateTimeField(null=True)
    """When something first relied on it; from then on it does not change."""
    rows = models.PositiveIntegerField()
    about = models.BinaryField()
    """Sealed JSON: see `values.About`. The name of the file is part of it."""

    class Meta:
        indexes = (
            models.Index(fields=("person", "-created_at"), name="sheets_by_person"),
            models.Index(fields=("used_at", "created_at"), name="sheets_by_use"),
        )


class PartKind(models.TextChoices):
    """What the parts of a sheet make up."""

    FILE = "file"
    """The file as it was brought, to read it differently."""
    TABLE = "table"
    """Parquet in which every column is text."""


class SheetPart(models.Model):
    """A piece of a file, sealed."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=8, choices=PartKind.choices)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("sheet", "kind", "number"), name="sheets_parts_in_order"),
        )
