"""Checks of the steps that work with tables: plans, charts, a question for each row, what is saved."""

from collections.abc import Iterator, Mapping

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.app import Chart, ForEach, Save, Table
from allotment.engine.spec.flaws import Flaw, path_flaws, source_flaws
from allotment.engine.spec.paths import Known, is_literal, tables_in
from allotment.engine.spec.yaml_text import Position
from allotment.engine.tables.checking import check
from allotment.engine.tables.naming import find

ROW = "row."
"""Begins the path of a column of the row that a `for each` step is at."""
_Later = list[str]
_NO_TEXT = frozenset({"table", "chart", "document"})


def table_flaws(step: Table, known: Mapping[str, Known], later: _Later, position: Position) -> Iterator[Flaw]:
    """Find flaws of a `table` step."""
    yield from _table(step.from_, known, later, (*position, "from"))
    source = known.get(step.from_)
    if source is None or source.kind != "table" or not source.columns:
        return
    for problem in check(step.plan, source.columns, tables_in(known)).problems:
        place: Position = (*position, "plan", problem.operation)
        place = (*place, *(int(key) if key.isdigit() else key for key in problem.part.split(".") if key))
        if not (source.has_more_columns and problem.part.endswith("column")):
            yield Flaw(place, problem.message, problem.remedy)


def chart_flaws(step: Chart, known: Mapping[str, Known], later: _Later, position: Position) -> Iterator[Flaw]:
    """Find flaws of a `chart` step."""
    yield from _table(step.from_, known, later, (*position, "from"))
    source = known.get(step.from_)
    for key in ("x", "y", "colour"):
        name = getattr(step, key)
        if name and source is not None and not _has(source, name):
            yield Flaw((*position, key), f"The table has no column “{name}”.", _columns(name, source))


def for_each_flaws(
    step: ForEach, known: Mapping[str, Known], later: _Later, position: Position
) -> Iterator[Flaw]:
    """Find flaws of a `for each` step, but for those of its answer."""
    yield from _table(step.rows, known, later, (*position, "rows"))
    source = known.get(step.rows)
    for slot, given in step.with_.items():
        place = (*position, "with", slot)
        if given.startswith(ROW):
            name = given.removeprefix(ROW)
            if source is not None and not _has(source, name):
                yield Flaw(place, f"The table has no column “{name}”.", _columns(name, source))
        else:
            yield from source_flaws(given, known, later, place)
            kind = "text" if is_literal(given) or given not in known else known[given].kind
            if kind in _NO_TEXT:
                remedy = f"Write `{ROW}` and the name of a column."
                yield Flaw(place, f"“{given}” is a {kind}; each row is asked about with texts.", remedy)


def save_flaws(step: Save, known: Mapping[str, Known], later: _Later, position: Position) -> Iterator[Flaw]:
    """Find flaws of a `save` step."""
    if bool(step.values) == bool(step.from_):
        yield Flaw(
            position,
            "A step saves either some values or the rows of a table.",
            "Give `values` or `from`, and not both.",
        )
    if step.from_:
        yield from _table(step.from_, known, later, (*position, "from"))
    for name, source in step.values.items():
        place = (*position, "values", name)
        yield from source_flaws(source, known, later, place)
        kind = "text" if is_literal(source) or source not in known else known[source].kind
        if kind in _NO_TEXT:
            yield Flaw(place, f"“{source}” is a {kind}; a record holds texts.", "Save its rows with `from`.")


def row_values(step: ForEach, known: Mapping[str, Known]) -> dict[str, Known]:
    """Return what is known inside a `for each` step: everything before it, and the columns of its row."""
    source = known.get(step.rows)
    columns = () if source is None else source.columns
    return {**known, **{f"{ROW}{column.name}": Known("text", may_be_empty=True) for column in columns}}


def _table(path: str, known: Mapping[str, Known], later: _Later, position: Position) -> Iterator[Flaw]:
    yield from path_flaws(path, known, later, position)
    if path in known and known[path].kind != "table":
        tables = tables_in(known)
        remedy = did_you_mean(path, tables) or "Add a field of the kind “table” to the form."
        yield Flaw(position, f"“{path}” is not a table.", remedy)
    elif path in known and not known[path].columns and not known[path].has_more_columns:
        yield Flaw(
            position,
            f"Nothing says which columns “{path}” has.",
            "Give the form field an example, and take the columns from it.",
        )


def _has(source: Known, name: str) -> bool:
    return source.has_more_columns or not source.columns or find(name, source.columns) is not None


def _columns(name: str, source: Known) -> str:
    return did_you_mean(name, (column.name for column in source.columns))
