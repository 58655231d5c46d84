"""The content of a sheet at rest, under the key of its person: what is known about it, and files in parts.

Invariant: a part is bound to its sheet, its kind and its number; a file comes back whole or not at all.
"""

from pathlib import Path
from uuid import UUID

import msgspec

from allotment.kernel.crypto import vault
from allotment.kernel.errors import NotFound
from allotment.sheets.models import PartKind, Sheet, SheetPart
from allotment.sheets.values import About

PART_BYTES = 4 * 1024**2

_DECODER = msgspec.json.Decoder(About)


def sealed_about(about: About, sheet: UUID, person: UUID) -> bytes:
    """Seal what is known about a sheet."""
    return vault().seal(msgspec.json.encode(about), context=f"sheets.about:{sheet}", subject=person)


def about_of(row: Sheet) -> About:
    """Open what is known about a sheet; raises `Erased` for somebody erased."""
    return _DECODER.decode(vault().open(bytes(row.about), context=f"sheets.about:{row.id}"))


def keep_file(row: Sheet, kind: PartKind, path: Path) -> None:
    """Keep a file in place of the one of this kind that is there. Call in a transaction."""
    SheetPart.objects.filter(sheet=row, kind=kind).delete()
    with path.open("rb") as file:
        number = 0
        while piece := file.read(PART_BYTES):
            context = _context(row.id, kind, number)
            content = vault().seal(piece, context=context, subject=row.person_id)
            SheetPart.objects.create(sheet=row, kind=kind, number=number, content=content)
            number += 1


def fetch_file(sheet: UUID, kind: PartKind, target: Path) -> None:
    """Write the file of this kind to `target`; raises `NotFound` and `Erased`."""
    parts = SheetPart.objects.filter(sheet_id=sheet, kind=kind).order_by("number")
    number = 0
    with target.open("xb") as file:
        for part in parts.iterator(1):
            file.write(vault().open(bytes(part.content), context=_context(sheet, kind, number)))
            number += 1
    if not number:
        raise NotFound("This file is no longer kept.", hint="Choose the file again.")


def _context(sheet: UUID, kind: PartKind, number: int) -> str:
    return f"sheets.{kind.value}:{sheet}:{number}"
