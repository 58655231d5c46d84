"""Tables that people hand in with a form: pasted rows, or a file that became a sheet of theirs.

Invariant: a form holds a table as text: the rows themselves, or `sheet:<id>` with a line `expected=actual` for each
column that the file calls otherwise. Whose sheet it is, is checked when a run starts and again whenever it is opened.
Refuses: sheets of others, rows that are no table, and tables without the columns that the app relies on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.engine.principals import Actor
from allotment.engine.spec.app import App, FieldKind, FormField
from allotment.engine.tables.naming import folded
from allotment.kernel.errors import AllotmentError, Invalid
from allotment.sheets import opening, queries
from allotment.tables.computing import Source, renamed
from allotment.tables.kinds import guess
from allotment.tables.reading import read_text, write_parquet

_SHEET = "sheet:"


@dataclass(frozen=True)
class SheetChosen:
    """A sheet, and what the app calls those of its columns that the file calls otherwise."""

    sheet: UUID
    names: Mapping[str, str] = field(default_factory=dict)
    """By the column of the app: the column of the file."""

    @property
    def text(self) -> str:
        """How a form holds it."""
        lines = (f"{expected}={actual}" for expected, actual in self.names.items())
        return "\n".join((f"{_SHEET}{self.sheet}", *lines))


def sheet_chosen(text: str) -> SheetChosen | None:
    """Return the sheet that a form holds; None when it holds rows. Raises `Invalid` for what is neither."""
    if not text.startswith(_SHEET):
        return None
    first, *lines = text.splitlines()
    try:
        sheet = UUID(first.removeprefix(_SHEET).strip())
    except ValueError as error:
        raise Invalid(_("This is not a table."), hint=_("Choose the file again.")) from error
    names = dict(line.partition("=")[::2] for line in lines if "=" in line)
    return SheetChosen(sheet, {expected: actual for expected, actual in names.items() if actual})


def table_fields(app: App) -> tuple[FormField, ...]:
    """Return the fields of the form that take a table."""
    return tuple(one for one in app.form if one.kind is FieldKind.TABLE)


def table_problems(app: App, raw: Mapping[str, str], actor: Actor) -> dict[str, str]:
    """Return what is wrong with the tables of a filled-in form, a sentence for each field."""
    problems = {}
    for one in table_fields(app):
        text = raw.get(one.field, "").strip()
        if text and (problem := _problem(one, text, actor)):
            problems[one.field] = problem
    return problems


def missing_columns(
    expected: FormField, columns: tuple[str, ...], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the columns that the app relies on and the table has not."""
    there = {folded(name) for name in columns}
    return tuple(
        one.column
        for one in expected.columns
        if folded(one.column) not in there and folded(names.get(one.column, "")) not in there
    )


def _problem(expected: FormField, text: str, actor: Actor) -> str:
    try:
        chosen = sheet_chosen(text)
        if chosen is None:
            columns, names = read_text(text).columns, {}
        else:
            columns, names = queries.sheet_for(actor, chosen.sheet).columns, dict(chosen.names)
    except AllotmentError as error:
        return f"{error.message} {error.hint}"
    missing = missing_columns(expected, columns, names)
    if not missing:
        return ""
    words = _("The table has no column %(missing)s. It has %(columns)s.")
    told = words % {"missing": _listed(missing), "columns": _listed(columns[:12])}
    how = _("Say below which column is meant.") if chosen else _("Name it so in the first row.")
    return f"{told} {how}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def keep_tables(app: App, raw: Mapping[str, str], person: UUID) -> None:
    """Keep the sheets that a run relies on, in the caller's transaction."""
    for one in table_fields(app):
        if (chosen := sheet_chosen(raw.get(one.field, ""))) is not None:
            opening.keep(chosen.sheet, person)


@contextmanager
def opened_table(text: str, person: UUID, file: Path) -> Iterator[Source]:
    """Open a table that somebody handed in; `file` is a place for it. Raises what is wrong with it."""
    chosen = sheet_chosen(text)
    if chosen is None:
        table = read_text(text)
        write_parquet(table, file)
        yield Source(file, guess(file, table.columns))
        return
    with opening.opened(chosen.sheet, person) as source:
        yield renamed(source, {actual: expected for expected, actual in chosen.names.items()}, file)
