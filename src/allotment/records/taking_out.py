"""Taking a collection out as a file: every record, oldest first, texts as they are, formulas neutralised."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.documents.rows_writing import MEDIA_TYPES, write_rows
from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.tables.rows import Cell
from allotment.journal.recording import note
from allotment.kernel.errors import NotFound
from allotment.microapps.values import AppDetail
from allotment.records.queries import every_record
from allotment.records.values import SavedRecord, title_of


@dataclass(frozen=True)
class TakenOut:
    """A file."""

    content: bytes
    media_type: str


def taken_out(actor: Actor, app: AppDetail, collection: str, kind: str) -> TakenOut:
    """Return a collection as `xlsx` or `csv` and note it. Raises `NotAllowed` and `NotFound`."""
    if kind not in MEDIA_TYPES:
        raise NotFound(_("Records come as Excel or CSV files."), hint=_("Choose one of the two."))
    columns, records = every_record(actor, app, collection)
    head = (*columns, _("Saved"), _("Saved by"))
    content = write_rows(kind, head, _rows(columns, records), title=title_of(collection))
    note(
        Action.SEE_RECORDS.value,
        actor=actor.person,
        object_kind="app",
        object_id=str(app.id),
        space=None if app.space is None else app.space.id,
        app=app.id,
        collection=collection,
        file=kind,
    )
    return TakenOut(content, MEDIA_TYPES[kind])


def _rows(columns: tuple[str, ...], records: Iterator[SavedRecord]) -> Iterator[tuple[Cell, ...]]:
    for record in records:
        yield (*record.cells(columns), record.created_at.replace(tzinfo=None), record.person_name)
