"""Forgetting what the runs of an erased person saved. Each record stays as a row: that it was saved, and when."""

from uuid import UUID

from allotment.records.models import Record
from allotment.records.sealing import NOTHING


def forget_person(person: UUID) -> None:
    """Empty their records, in the caller's transaction; without a key nobody could read them anyway."""
    Record.objects.filter(person=person).update(content=NOTHING)
