"""Table of records. Private to this package."""

from django.db import models

from allotment.kernel import clock
from allotment.kernel.ids import new_id


class Record(models.Model):
    """One record in a collection of an app."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey("microapps.MicroApp", on_delete=models.PROTECT, related_name="+")
    collection = models.CharField(max_length=60)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    """Who ran the app that saved it: the content is sealed under their key."""
    run = models.UUIDField()
    step = models.CharField(max_length=60)
    row = models.PositiveIntegerField(default=0)
    """Which of the records that this step of this run saved."""
    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, null=True, related_name="+")
    content = models.BinaryField()
    """Sealed JSON: texts by name, in the order of the app. Empty once the person is erased."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "step", "row"), name="records_saved_once_by_a_step"),
        )
        indexes = (
            models.Index(fields=("app", "collection", "-created_at", "-id"), name="records_by_collection"),
        )
