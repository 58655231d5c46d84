"""Disconnecting a provider: it is switched off and its credential is forgotten; nothing else is lost.

Invariant: the row and its models stay, so that what ran with them keeps its name.
Refuses: disconnecting what belongs to the installation.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict
from allotment.llms.models import ConnectionState
from allotment.llms.queries import connection_row


def disconnect(connection_id: UUID, actor: Actor) -> None:
    """Switch the connection off and forget its credential; raises `Conflict` for a built-in one."""
    with transaction.atomic():
        row = connection_row(connection_id)
        if row.added_by_id is None:
            raise Conflict(
                gettext("“%(title)s” belongs to this installation.") % {"title": row.title},
                hint=gettext("Turn its model off instead."),
            )
        row.state, row.sealed_secrets, row.trouble = ConnectionState.OFF, b"", ""
        row.revision = F("revision") + 1
        row.save()
        note(
            "models.disconnect",
            actor=actor.person,
            object_kind="connection",
            object_id=str(row.id),
            title=row.title,
            kind=row.kind,
        )
