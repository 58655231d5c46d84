"""The fields of a run's form that take a table: a file dropped or chosen, or rows pasted; columns matched by hand.

Invariant: a file becomes a sheet of the person as soon as it arrives, and the form goes on with the sheet, so that
nothing has to be chosen twice whatever else in the form needs another look.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from allotment.engine.principals import Actor
from allotment.engine.spec.app import App, FormField
from allotment.kernel.errors import AllotmentError
from allotment.runs.handing_in import SheetChosen, missing_columns, sheet_chosen, table_fields
from allotment.sheets import queries, receiving
from allotment.sheets.values import SheetView
from allotment.tables.files import ENDINGS

_ROWS_SHOWN = 4
_COLUMNS_SHOWN = 12
ACCEPT = ",".join(f".{ending}" for ending in ENDINGS)
Files = MultiValueDict[str, Any]


@dataclass(frozen=True)
class ColumnMatch:
    """A column that the app relies on and the file calls otherwise: what may be meant."""

    expected: str
    name: str
    """Of the control."""
    options: tuple[str, ...]
    chosen: str


@dataclass(frozen=True)
class TableInput:
    """What is shown for one table."""

    sheet: SheetView | None
    matches: tuple[ColumnMatch, ...] = ()
    accept: str = ACCEPT

    @property
    def heads(self) -> tuple[str, ...]:
        """The first columns."""
        return self.sheet.columns[:_COLUMNS_SHOWN] if self.sheet else ()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The first rows, as they are written."""
        first = self.sheet.about.first[:_ROWS_SHOWN] if self.sheet else ()
        return [row[:_COLUMNS_SHOWN] for row in first]


@dataclass(frozen=True)
class Row:
    """One field of the form as the page shows it; `table` for one that takes a table."""

    field: forms.BoundField
    table: TableInput | None = None


def received(app: App, data: QueryDict, files: Files, actor: Actor) -> tuple[QueryDict, dict[str, str]]:
    """Return the data with each file as a sheet and each match in its place, and what is wrong with the files."""
    changed, problems = data.copy(), {}
    for field in table_fields(app):
        upload = files.get(field.field)
        if upload is None:
            changed[field.field] = _matched(field, changed)
            continue
        try:
            sheet = receiving.receive(actor, upload.name, upload.file)
            changed[field.field] = SheetChosen(sheet.id).text
        except AllotmentError as error:
            problems[field.field] = f"{error.message} {error.hint}"
    return changed, problems


def form_rows(app: App, form: forms.Form, actor: Actor) -> Iterator[Row]:
    """Yield the fields as the page shows them."""
    tables = {field.field: field for field in table_fields(app)}
    for bound in form:
        expected = tables.get(bound.name)
        yield Row(bound) if expected is None else Row(bound, _input(expected, bound, actor))


def _input(expected: FormField, bound: forms.BoundField, actor: Actor) -> TableInput:
    try:
        chosen = sheet_chosen(str(bound.value() or ""))
        sheet = None if chosen is None else queries.sheet_for(actor, chosen.sheet)
    except AllotmentError:
        return TableInput(None)
    if chosen is None or sheet is None:
        return TableInput(None)
    wanted = (*missing_columns(expected, sheet.columns, {}),)
    matches = tuple(_match(expected.field, name, sheet.columns, chosen.names) for name in wanted)
    return TableInput(sheet, matches)


def _match(field: str, expected: str, columns: tuple[str, ...], names: Mapping[str, str]) -> ColumnMatch:
    near = get_close_matches(expected.casefold(), [name.casefold() for name in columns], n=1, cutoff=0.5)
    guessed = next((name for name in columns if name.casefold() in near), "")
    return ColumnMatch(expected, _control(field, expected), columns, names.get(expected, guessed))


def _matched(field: FormField, data: QueryDict) -> str:
    """Return the text of a field with the columns that were matched by hand."""
    # A browser sends an empty text for a file input of this name in which nothing was chosen.
    text = next((given for given in data.getlist(field.field) if given.strip()), "")
    try:
        chosen = sheet_chosen(text)
    except AllotmentError:
        return text
    if chosen is None:
        return text
    said = {one.column: data.get(_control(field.field, one.column), "") for one in field.columns}
    names = {**chosen.names, **{expected: actual for expected, actual in said.items() if actual}}
    return SheetChosen(chosen.sheet, names).text


def _control(field: str, expected: str) -> str:
    return f"{field}:column:{expected}"


def sheets_asked_for(app: App, asked: QueryDict, actor: Actor) -> dict[str, str]:
    """Return the sheets that an address names for fields of the form; those that are not there are left out."""
    found = {}
    for field in table_fields(app):
        try:
            chosen = sheet_chosen(asked.get(field.field, ""))
            if chosen is not None:
                queries.sheet_for(actor, chosen.sheet)
                found[field.field] = SheetChosen(chosen.sheet).text
        except AllotmentError:
            continue
    return found
