"""Recording that the journal was read: by whom, how, and what they looked for.

Invariant: what somebody typed into the search is not kept, only that they searched for words. It is on disk, by itself,
when `note_reading` returns: nothing that reads, renders or packs afterwards keeps others from writing.
"""

from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.recording import Entry, Scalar
from allotment.journal import turns
from allotment.journal.queries import Wanted
from allotment.journal.recording import record
from allotment.kernel import clock


def note_reading(reader: UUID | None, how: str, *, wanted: Wanted | None = None, **details: Scalar) -> None:
    """Record it. `reader` is None on the command line, whose user owns the installation.

    Must not be called within a transaction.
    """
    filters = _filters(wanted) if wanted else {}
    entry = Entry(
        at=clock.now(),
        action=Action.READ_JOURNAL.value,
        outcome="done",
        actor=reader,
        object_kind="journal",
        object_id=how,
        app=wanted.app if wanted else None,
        run=wanted.run if wanted else None,
        details={**filters, **details},
    )
    with turns.writing(), transaction.atomic(durable=True):
        record(entry)


def _filters(wanted: Wanted) -> dict[str, Scalar]:
    """Return what was filtered by, as names and ids."""
    found: dict[str, Scalar] = {
        "about actor": str(wanted.actor) if wanted.actor else "",
        "about action": wanted.action,
        "about outcome": wanted.outcome,
        "from": str(wanted.since or ""),
        "until": str(wanted.until or ""),
        "searched for words": bool(wanted.text),
        "flagged only": wanted.is_flagged,
    }
    return {name: value for name, value in found.items() if value}
