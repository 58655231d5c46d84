"""Ending a key at once.

Invariant: a revoked key never comes back, and the right to free words ends with it.
"""

from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.people.api_keys.finding import locked_key


@transaction.atomic
def revoke(by: Actor | None, key_id: UUID) -> bool:
    """End a key; False when it was revoked before. `by` is None on the command line. Raises `NotFound`."""
    row = locked_key(key_id)
    if row.revoked_at is not None:
        return False
    row.revoked_at = clock.now()
    row.revoked_by_id = by.person if by else None
    row.save(update_fields=["revoked_at", "revoked_by"])
    note(
        Action.REVOKE_KEY,
        actor=by.person if by else None,
        object_kind="key",
        object_id=str(row.id),
        app=row.app,
        public=row.public,
    )
    return True
