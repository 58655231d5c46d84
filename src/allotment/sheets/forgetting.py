"""Forgetting sheets: what nothing used within a day, files that were read, and all of an erased person."""

from datetime import timedelta
from uuid import UUID

from allotment.kernel import clock
from allotment.sheets.models import PartKind, Sheet, SheetPart

KEPT_UNUSED = timedelta(days=1)


def forget_unused() -> None:
    """Remove what nobody needs any more."""
    long_ago = clock.now() - KEPT_UNUSED
    Sheet.objects.filter(used_at=None, created_at__lt=long_ago).delete()
    SheetPart.objects.filter(kind=PartKind.FILE, sheet__created_at__lt=long_ago).delete()


def forget_person(person: UUID) -> None:
    """Remove every sheet of a person, in the caller's transaction."""
    Sheet.objects.filter(person_id=person).delete()
