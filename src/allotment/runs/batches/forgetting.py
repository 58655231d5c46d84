"""Forgetting a person who has batches: those that are open end, for nobody else may; what is sealed goes with the key.

Invariant: how many rows there were, how they went and at what cost stay.
"""

from uuid import UUID

from allotment.runs.batches import finishing
from allotment.runs.batches.models import FINAL, Batch


def forget_person(person: UUID) -> None:
    """End them, in the caller's transaction."""
    open_ = Batch.objects.filter(person=person).exclude(state__in=FINAL)
    for batch in open_.values_list("id", flat=True):
        finishing.cancel(batch, None)
