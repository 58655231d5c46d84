"""Correcting what the columns of a sheet mean; the table is profiled anew."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.engine.tables.columns import ColumnKind
from allotment.kernel.errors import Invalid
from allotment.kernel.private_folders import private_folder
from allotment.sheets.looking import look_again
from allotment.sheets.models import PartKind
from allotment.sheets.queries import changeable, view_of
from allotment.sheets.sealing import about_of, fetch_file, sealed_about
from allotment.sheets.values import SheetView
from allotment.tables.kinds import Reading, guess_as

_MOST_FORMAT = 40

Wanted = tuple[ColumnKind, str]
"""Kind and format of a column; without a format, the cells suggest one."""


def correct(actor: Actor, sheet_id: UUID, kinds: Mapping[str, Wanted]) -> SheetView:
    """Read these columns as their person says; raises `NotFound`, `Invalid`, and `Conflict` once it is used."""
    row = changeable(actor, sheet_id)
    about = about_of(row)
    changed = _changed(about.reading, kinds)
    if not changed:
        return view_of(row)
    with private_folder() as folder:
        parquet = folder / "table.parquet"
        fetch_file(row.id, PartKind.TABLE, parquet)
        suggested = guess_as(parquet, {name: kind for name, (kind, form) in changed.items() if not form})
        by_name = {one.name: one for one in suggested}
        reading = tuple(
            by_name.get(one.name)
            or (
                replace(one, kind=changed[one.name][0], format=changed[one.name][1])
                if one.name in changed
                else one
            )
            for one in about.reading
        )
        about = look_again(about, parquet, reading)
    with transaction.atomic():
        row = changeable(actor, sheet_id, lock=True)
        row.about = sealed_about(about, row.id, row.person_id)
        row.save(update_fields=["about"])
    return view_of(row)


def _changed(reading: Reading, kinds: Mapping[str, Wanted]) -> dict[str, Wanted]:
    known = {one.name: (one.kind, one.format) for one in reading}
    for name, (_kind, form) in kinds.items():
        if name not in known:
            raise Invalid(
                _("This table has no column “%(name)s”.") % {"name": name},
                hint=_("Open the table again."),
            )
        if len(form) > _MOST_FORMAT or not form.isprintable():
            raise Invalid(_("This is no way to write a date or number."), hint=_("Choose one from the list."))
    return {
        name: wanted
        for name, wanted in kinds.items()
        if wanted != known[name] and wanted != (known[name][0], "")
    }
