"""The result of a run as it is stored: plain data, part by part, complete.

Invariant: what is shown years later is what was computed then. A table part holds its first rows and how many there
are; a chart part holds the rows it draws; a text says where its numbers are in no table.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from allotment.engine.interpreter import ShownValue
from allotment.engine.paths import text_of
from allotment.engine.spec.app import Chart, ForEach, Table
from allotment.engine.spec.typed_values import Value
from allotment.engine.state import Reference, StepValue
from allotment.engine.tables.charting import Wanted
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.figures import unsupported
from allotment.engine.tables.rows import Rows
from allotment.runs.stored_rows import ROWS_DRAWN, ROWS_SHOWN, plain_rows
from allotment.runs.tables import first_rows
from allotment.runs.working import Work


def wanted_by(step: Chart) -> Wanted:
    """Return what a chart step asks for."""
    return Wanted(step.kind, step.x, step.y, step.colour, step.title)


def stored_parts(work: Work, parts: Sequence[ShownValue]) -> list[dict[str, Any]]:
    """Return the parts of a result as they are sealed and committed to."""
    evidence = _evidence(work)
    return [_part(work, part, evidence) for part in parts]


def _part(work: Work, part: ShownValue, evidence: Sequence[Rows]) -> dict[str, Any]:
    if isinstance(part.value, Reference):
        return {"show": part.shown.show, "title": part.shown.title} | _tabular(work, part.value)
    stored = plain_part(part)
    if evidence and part.shown.show == "text":
        found = unsupported(str(stored["value"]), evidence)
        stored["unsupported"] = [[number.start, number.end] for number in found]
    return stored


def plain_part(part: ShownValue) -> dict[str, Any]:
    """Return a part of a result that is neither a table nor a chart."""
    return {"show": part.shown.show, "title": part.shown.title, "value": _plain(part.value)}


def _tabular(work: Work, value: Reference) -> dict[str, Any]:
    if value.kind == "table":
        return {"value": plain_rows(first_rows(work, value, ROWS_SHOWN)), "path": value.path}
    step = next(one for one in work.app.steps if f"steps.{one.step}" == value.path)
    if not isinstance(step, Chart):
        raise TypeError(f"{value.path} draws nothing")
    drawn = first_rows(work, Reference("table", step.from_), ROWS_DRAWN)
    wanted = {"kind": step.kind, "x": step.x, "y": step.y, "colour": step.colour, "title": step.title}
    return {"value": plain_rows(drawn), "path": step.from_, "wanted": wanted}


def _evidence(work: Work) -> list[Rows]:
    """Return what numbers in prose may come from: the tables of the run, and what the person typed."""
    done = {step.step for step in work.done}
    steps = [one for one in work.app.steps if isinstance(one, Table | ForEach) and one.step in done]
    if not steps:
        return []
    tables = [first_rows(work, Reference("table", f"steps.{step.step}"), ROWS_DRAWN) for step in steps]
    texts = [(text,) for name, text in work.form.items() if f"form.{name}" not in _sources(work)]
    return [*tables, Rows((Column("form", ColumnKind.TEXT),), texts)]


def _sources(work: Work) -> set[str]:
    return {f"form.{field.field}" for field in work.app.form if field.kind == "table"}


def _plain(value: StepValue | Value) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return text_of(value) if isinstance(value, Decimal | date) else value
