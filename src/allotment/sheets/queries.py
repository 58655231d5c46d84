"""Reads of sheets. A sheet of somebody else is not there."""

from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.kernel.errors import Conflict, NotFound
from allotment.sheets.models import Sheet
from allotment.sheets.sealing import about_of
from allotment.sheets.values import SheetView


def sheet_for(actor: Actor, sheet_id: UUID) -> SheetView:
    """Return a person's own sheet; raises `NotFound`."""
    return view_of(_own(actor, sheet_id))


def first_rows(actor: Actor, sheet_id: UUID, count: int = 20) -> tuple[tuple[str, ...], ...]:
    """Return the first rows (twenty at most) as they are written, long cells cut; raises `NotFound`."""
    return sheet_for(actor, sheet_id).about.first[:count]


def view_of(row: Sheet) -> SheetView:
    """Return a row of the table as others see it."""
    return SheetView(
        id=row.id,
        created_at=row.created_at,
        rows=row.rows,
        is_used=row.used_at is not None,
        about=about_of(row),
    )


def changeable(actor: Actor, sheet_id: UUID, *, lock: bool = False) -> Sheet:
    """Return a person's own sheet that nothing has used; raises `NotFound` and `Conflict`."""
    row = _own(actor, sheet_id, lock=lock)
    if row.used_at is not None:
        raise Conflict(
            _("“%(name)s” was used, so it stays as it is.") % {"name": about_of(row).name},
            hint=_("Choose the file again to read it differently."),
        )
    return row


def _own(actor: Actor, sheet_id: UUID, *, lock: bool = False) -> Sheet:
    rows = Sheet.objects.select_for_update() if lock else Sheet.objects.all()
    row = rows.filter(id=sheet_id, person_id=actor.person).first()
    if row is None:
        raise NotFound(
            _("This table is no longer here."),
            hint=_("Choose the file again. A table that nothing uses is kept for one day."),
        )
    return row
