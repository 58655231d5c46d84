"""Opening a sheet for a computation, and keeping one that something relies on."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.kernel import clock
from allotment.kernel.errors import NotFound
from allotment.kernel.private_folders import private_folder
from allotment.sheets.models import PartKind, Sheet
from allotment.sheets.sealing import about_of, fetch_file
from allotment.tables.computing import Source


@contextmanager
def opened(sheet_id: UUID, person: UUID) -> Iterator[Source]:
    """Give the table of a sheet of this person for as long as it is needed; raises `NotFound` and `Erased`."""
    row = _of(sheet_id, person)
    with private_folder() as folder:
        parquet = folder / "table.parquet"
        fetch_file(row.id, PartKind.TABLE, parquet)
        yield Source(parquet, about_of(row).reading)


def keep(sheet_id: UUID, person: UUID) -> None:
    """Keep a sheet from now on, unchanged: something relies on it. Raises `NotFound`."""
    row = _of(sheet_id, person)
    Sheet.objects.filter(id=row.id, used_at=None).update(used_at=clock.now())


def _of(sheet_id: UUID, person: UUID) -> Sheet:
    row = Sheet.objects.filter(id=sheet_id, person_id=person).first()
    if row is None:
        raise NotFound(_("This table is no longer here."), hint=_("Choose the file again."))
    return row
