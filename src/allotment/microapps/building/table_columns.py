"""The columns a table has while an app is built, and what the example rows make of a plan.

Invariant: columns come from what the form promises or, where it promises nothing, from the example; nothing is
computed from anybody's data here. Refuses nothing: an example that cannot be read has no columns and shows no rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from allotment.engine.spec.app import App, FieldKind, Table
from allotment.engine.spec.paths import known_before
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import MOST_COLUMNS
from allotment.engine.tables.rows import Rows
from allotment.kernel.errors import AllotmentError
from allotment.kernel.private_folders import private_folder
from allotment.microapps.building.naming import Plain, mapping, parts
from allotment.tables.computing import Source, columns_of, compute, rows
from allotment.tables.engine import Limits
from allotment.tables.kinds import guess
from allotment.tables.reading import read_text, write_parquet

_ROWS_SHOWN = 5
_SECONDS = 3.0
_FORM = "form."


def columns_in_text(text: str) -> tuple[Column, ...]:
    """Return the columns of example rows; none when they are no table."""
    try:
        with private_folder() as folder:
            return columns_of(_written(text, folder / "rows.parquet"))
    except AllotmentError:
        return ()


def columns_at(spec: App, path: str) -> tuple[Column, ...]:
    """Return the columns of a table of the app as far as they are known."""
    try:
        with _example(spec, path) as source:
            return columns_of(source)
    except AllotmentError:  # without an example, and behind answers of a model, what the form promises
        known = known_before(spec, len(spec.steps)).get(path)
        return () if known is None else known.columns


def preview(spec: App, step: str) -> Rows | None:
    """Return the first rows that a table step makes of the example; None without an example that works."""
    try:
        with _example(spec, f"steps.{step}") as source:
            return rows(source, first=_ROWS_SHOWN)
    except AllotmentError:
        return None


def longest_text(spec: App, path: str) -> str:
    """Return the column with the longest texts of the example, which is the likeliest to be asked about; or nothing."""
    lengths = {name: sum(map(len, texts)) for name, texts in values_of(spec, path).items()}
    if found := max(lengths, key=lambda name: lengths[name], default=""):
        return found
    texts = (column.name for column in columns_at(spec, path) if column.kind is ColumnKind.TEXT)
    return next(texts, "")


def values_of(spec: App, path: str) -> Mapping[str, tuple[str, ...]]:
    """Return the texts in each column of the example, so that a sentence can name them."""
    try:
        with _example(spec, path) as source:
            found = rows(source, first=200)
    except AllotmentError:
        return {}
    return {
        column.name: tuple(dict.fromkeys(cell for row in found.rows if isinstance(cell := row[place], str)))
        for place, column in enumerate(found.columns)
    }


def with_columns_of_sample(plain: Plain, before: Mapping[str, str]) -> Plain:
    """Let table fields expect the columns of a new example: those are what later steps rely on."""
    sample, form = mapping(plain, "sample"), []
    for field in parts(plain, "form"):
        text = sample.get(str(field.get("field")), "")
        is_new = field.get("kind") == FieldKind.TABLE and text and text != before.get(str(field.get("field")))
        columns = columns_in_text(str(text)) if is_new else ()
        form.append({**field, "columns": _expected(columns)} if columns else field)
    return {**plain, "form": form}


def _expected(columns: tuple[Column, ...]) -> list[Plain]:
    return [{"column": one.name, **_kind(one)} for one in columns[:MOST_COLUMNS]]


def _kind(column: Column) -> Plain:
    return {} if column.kind is ColumnKind.TEXT else {"kind": column.kind.value}


@contextmanager
def _example(spec: App, path: str) -> Iterator[Source]:
    """Open a table as the example makes it; raises what is wrong with the example or a plan."""
    with private_folder() as folder:
        yield _Example(spec, folder).source(path)


class _Example:
    """The example's tables, each computed once."""

    def __init__(self, spec: App, folder: Path) -> None:
        self._spec, self._folder = spec, folder
        self._made: dict[str, Source] = {}
        self._numbers = count()

    def source(self, path: str) -> Source:
        if path not in self._made:
            self._made[path] = self._computed(path) if not path.startswith(_FORM) else self._given(path)
        return self._made[path]

    def _given(self, path: str) -> Source:
        return _written(self._spec.sample.get(path.removeprefix(_FORM), ""), self._file())

    def _computed(self, path: str) -> Source:
        before: list[Table] = []
        for step in self._spec.steps:
            if isinstance(step, Table):
                if f"steps.{step.step}" == path:
                    return self._after(step, before)
                before.append(step)
        return _written("", self._file())

    def _after(self, step: Table, before: list[Table]) -> Source:
        earlier = {f"steps.{one.step}" for one in before} | {f"{_FORM}{one.field}" for one in self._spec.form}
        joined = {operation.table for operation in step.plan if hasattr(operation, "table")}
        others = {name: self.source(name) for name in joined & earlier}
        out = self._file()
        source = self.source(step.from_) if step.from_ in earlier else _written("", out)
        compute(step.plan, source, others, out=out, limits=Limits(seconds=_SECONDS))
        return Source(out)

    def _file(self) -> Path:
        return self._folder / f"{next(self._numbers)}.parquet"


def _written(text: str, file: Path) -> Source:
    table = read_text(text)
    write_parquet(table, file)
    return Source(file, guess(file, table.columns))
