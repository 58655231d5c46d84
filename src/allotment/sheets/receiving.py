"""Receiving a file: it is read, looked at and kept sealed; and read again, differently, when its person says how."""

import shutil
from pathlib import Path
from typing import IO
from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import TooLarge
from allotment.kernel.ids import new_id
from allotment.kernel.private_folders import private_folder
from allotment.sheets.forgetting import forget_unused
from allotment.sheets.looking import Looked, look
from allotment.sheets.models import PartKind, Sheet
from allotment.sheets.queries import changeable, view_of
from allotment.sheets.sealing import about_of, fetch_file, keep_file, sealed_about
from allotment.sheets.values import SheetView
from allotment.tables.files import MOST_BYTES, Choice

_MOST_NAME = 200
_CHUNK = 1024**2
_NO_CHOICE = Choice()


def receive(actor: Actor, name: str, source: IO[bytes], choice: Choice = _NO_CHOICE) -> SheetView:
    """Read and keep a file for a person; raises `Invalid` and `TooLarge`, and then nothing is kept."""
    forget_unused()
    name = Path(name.replace("\\", "/")).name[-_MOST_NAME:] or "table"
    with private_folder() as folder:
        file = folder / "file"
        _copy(name, source, file)
        looked = look(name, file, folder, choice)
        with transaction.atomic():
            sheet = new_id()
            about = sealed_about(looked.about, sheet, actor.person)
            row = Sheet.objects.create(id=sheet, person_id=actor.person, rows=looked.rows, about=about)
            keep_file(row, PartKind.FILE, file)
            keep_file(row, PartKind.TABLE, looked.parquet)
            _tell(actor, sheet, looked)
    return view_of(row)


def _tell(actor: Actor, sheet: UUID, looked: Looked) -> None:
    """Note that a table was brought: how large it is, and how many of its columns may be personal; nothing it says."""
    columns = looked.about.profile.columns
    note(
        Action.RUN_APP.value,
        actor=actor.person,
        object_kind="table",
        object_id=str(sheet),
        rows=looked.rows,
        columns=len(columns),
        personal_columns=sum(bool(column.personal) for column in columns),
    )


def read_again(actor: Actor, sheet_id: UUID, choice: Choice) -> SheetView:
    """Read a sheet's file differently; raises `NotFound`, `Conflict` once it is used, `Invalid` and `TooLarge`."""
    row = changeable(actor, sheet_id)
    with private_folder() as folder:
        file = folder / "file"
        fetch_file(row.id, PartKind.FILE, file)
        looked = look(about_of(row).name, file, folder, choice)
        with transaction.atomic():
            row = changeable(actor, sheet_id, lock=True)
            _replace(row, looked)
    return view_of(row)


def _replace(row: Sheet, looked: Looked) -> None:
    row.rows = looked.rows
    row.about = sealed_about(looked.about, row.id, row.person_id)
    row.save(update_fields=["rows", "about"])
    keep_file(row, PartKind.TABLE, looked.parquet)


def _copy(name: str, source: IO[bytes], target: Path) -> None:
    with target.open("xb") as file:
        shutil.copyfileobj(source, file, _CHUNK)
        if file.tell() > MOST_BYTES:
            raise TooLarge(
                f"“{name}” has {file.tell() / 1024**2:,.0f} MB; {MOST_BYTES // 1024**2} MB is the most.",
                hint="Leave out columns or rows you do not need, or split the file.",
            )
