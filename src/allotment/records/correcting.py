"""Correcting and removing records, noted in the journal without their content."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel import clock
from allotment.kernel.errors import NotFound
from allotment.keys.keeping import erased
from allotment.microapps.queries import resource
from allotment.microapps.values import AppDetail
from allotment.policies.deciding import require
from allotment.records.models import Record
from allotment.records.sealing import NOTHING, seal, unseal


@transaction.atomic
def correct(actor: Actor, app: AppDetail, record: UUID, values: Mapping[str, str]) -> int:
    """Write the given texts into a record and return how many changed; names it does not have are left out.

    It stays sealed for the person whose run saved it. Raises `NotAllowed`, `NotFound`, and `Erased` once they are.
    """
    row = _row(actor, app, record)
    kept = unseal(row.content, row.id)
    changed = {
        name: text
        for name, text in values.items()
        if name in kept and kept[name] != text.replace("\r\n", "\n")
    }
    if not changed:
        return 0
    texts = {**kept, **{name: text.replace("\r\n", "\n") for name, text in changed.items()}}
    row.content = seal(texts, row.id, row.person_id)
    if row.content == NOTHING:  # erased since it was read
        raise erased()
    row.changed_at, row.changed_by_id = clock.now(), actor.person
    row.save(update_fields=("content", "changed_at", "changed_by"))
    _note(actor, app, row.collection, corrected=len(changed))
    return len(changed)


@transaction.atomic
def remove(actor: Actor, app: AppDetail, record: UUID) -> str:
    """Remove a record for good and return the collection it was in. Raises `NotAllowed` and `NotFound`."""
    row = _row(actor, app, record)
    row.delete()
    _note(actor, app, row.collection, removed=1)
    return row.collection


def _row(actor: Actor, app: AppDetail, record: UUID) -> Record:
    require(actor, Action.CHANGE_RECORDS, resource(app))
    row = Record.objects.select_for_update().filter(id=record, app_id=app.id).first()
    if row is None:
        raise NotFound(_("There is no such record."), hint=_("Choose one from the collection."))
    return row


def _note(actor: Actor, app: AppDetail, collection: str, *, corrected: int = 0, removed: int = 0) -> None:
    note(
        Action.CHANGE_RECORDS.value,
        actor=actor.person,
        object_kind="app",
        object_id=str(app.id),
        space=None if app.space is None else app.space.id,
        app=app.id,
        collection=collection,
        corrected=corrected,
        removed=removed,
    )
