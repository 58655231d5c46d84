"""Erasing what the installation holds about a person, without touching the tree.

Invariant: no body, leaf or checkpoint changes, so every proof stays valid; what was sealed under the person's key can
be read by nobody. Erasing somebody twice does nothing the second time.
"""

from uuid import UUID

from django.db import transaction

from allotment.journal.recording import note
from allotment.keys.erasing import destroy

ERASE = "people.erase"


@transaction.atomic
def erase(person: UUID, by: UUID | None, reason: str) -> int | None:
    """Destroy the person's key and record it; returns the entry's ticket, None when that was done before.

    `by` is None on the command line. `reason` stays in the journal for good: it must name no person.
    """
    if not destroy(person):
        return None
    return note(ERASE, actor=by, object_kind="person", object_id=str(person), reason=reason)
