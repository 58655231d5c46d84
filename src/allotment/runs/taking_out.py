"""Taking a result out as a file: the report as one would send it, or a whole table as a spreadsheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from allotment.documents.report import (
    Bullets,
    Fields,
    Format,
    Label,
    Part,
    Picture,
    Prose,
    Report,
)
from allotment.documents.rows_writing import MEDIA_TYPES as ROWS_MEDIA_TYPES
from allotment.documents.rows_writing import write_rows
from allotment.documents.writing import MEDIA_TYPES, formats_of, write
from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.tables.rows import Rows
from allotment.journal.recording import note
from allotment.kernel.errors import NotFound
from allotment.runs.pictures import chart_of
from allotment.runs.queries import StoredResult, result_for
from allotment.runs.showing import words_of
from allotment.runs.stored_rows import rows_of
from allotment.runs.tables import opened
from allotment.tables.computing import rows

MOST_ROWS = 200_000
"""Of a table in a file: what a spreadsheet program opens without trouble."""


@dataclass(frozen=True)
class TakenOut:
    """A file and what to call it."""

    content: bytes
    media_type: str
    name: str


def report_file(actor: Actor, run: UUID, kind: str) -> TakenOut:
    """Return the result as a file of `kind`, and note it. Raises `NotFound`, also for a kind it does not come in."""
    result = result_for(actor, run)
    report = report_of(result, with_every_row=kind in ("xlsx", "csv"))
    wanted = next((one for one in get_args(Format) if one == kind and one in formats_of(report)), None)
    if wanted is None:
        raise NotFound(
            _("This result does not come as such a file."), hint=_("Choose one of those offered below it.")
        )
    content = write(report, wanted)
    _note(actor, result, kind)
    return TakenOut(content, MEDIA_TYPES[wanted], f"{result.app_slug}-{result.finished:%Y-%m-%d}.{kind}")


def table_file(actor: Actor, run: UUID, place: int, kind: str) -> TakenOut:
    """Return one table of the result, with all its rows, as `xlsx` or `csv`, and note it."""
    result = result_for(actor, run)
    if place >= len(result.parts) or "path" not in result.parts[place] or kind not in ROWS_MEDIA_TYPES:
        raise NotFound(_("There is no table here."), hint=_("Open the run and look at its result."))
    part = result.parts[place]
    found = _every_row(result, part["path"])
    head = [column.name for column in found.columns]
    content = write_rows(kind, head, found.rows, title=part["title"])
    _note(actor, result, kind)
    return TakenOut(content, ROWS_MEDIA_TYPES[kind], f"{result.app_slug}-{place + 1}.{kind}")


def report_of(result: StoredResult, *, with_every_row: bool = False) -> Report:
    """Return the result as a report, complete."""
    parts = tuple(_part(result, stored, with_every_row=with_every_row) for stored in result.parts)
    return Report(result.app_title, tuple(_facts(result)), parts)


def _facts(result: StoredResult) -> Iterator[tuple[str, str]]:
    yield _("Made on"), formats.date_format(timezone.localtime(result.finished), "DATETIME_FORMAT")
    yield _("By"), result.person_name
    yield (
        _("App"),
        result.app_title
        if result.version is None
        else _("%(title)s, version %(version)s")
        % {
            "title": result.app_title,
            "version": result.version,
        },
    )
    yield _("Run"), str(result.run)


def _part(result: StoredResult, stored: dict[str, Any], *, with_every_row: bool) -> Part:
    title, value = stored["title"], stored["value"]
    match stored["show"]:
        case "fields":
            fields = tuple((str(name), words_of(inner)) for name, inner in value.items())
            return Part(title, Fields(fields))
        case "list":
            return Part(title, Bullets(tuple(str(item) for item in value)))
        case "label":
            return Part(title, Label(str(value)))
        case "table":
            return Part(title, _every_row(result, stored["path"]) if with_every_row else rows_of(value))
        case "chart":
            chart = chart_of(stored)
            picture = Picture(chart.svg("print"), chart.png, chart.alt, rows_of(value))
            return Part(title or chart.drawing.title, picture)
        case _:
            text = str(value)
            numbers = tuple(text[start:end] for start, end in stored.get("unsupported", []))
            return Part(title, Prose(text, numbers))


def _every_row(result: StoredResult, path: str) -> Rows:
    with opened(result.run, result.person, result.form, [path]) as tables:
        return rows(tables[path], first=MOST_ROWS)


def _note(actor: Actor, result: StoredResult, kind: str) -> None:
    note(
        Action.SEE_RUN.value,
        actor=actor.person,
        object_kind="run",
        object_id=str(result.run),
        space=result.space,
        app=result.app,
        run=result.run,
        file=kind,
    )
