"""Forgetting what batches hold in the clear about a person; what is sealed goes with the person's key."""

from uuid import UUID

from allotment.runs.batches.models import Batch


def forget_person(person: UUID) -> None:
    """Empty it, in the caller's transaction."""
    Batch.objects.filter(person=person).update(waits_for="")
