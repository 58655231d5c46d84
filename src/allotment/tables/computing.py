"""Computes a plan from a table in a file, into a table in a file.

Invariant: what comes out is what the plan says of the whole table, in a stated order, or nothing: a plan with
problems, a limit of time, memory or rows, and a person who says stop each end it with words. Numbers are exact
decimals wherever the cells have at most six decimal places.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from allotment.engine.tables.checking import PlanProblem, check
from allotment.engine.tables.columns import Column
from allotment.engine.tables.naming import folded
from allotment.engine.tables.plan import Join, Pivot, Plan
from allotment.engine.tables.rows import Rows
from allotment.kernel.errors import Invalid, TooLarge
from allotment.tables.compiling import Compiler, Relation, result, statement
from allotment.tables.engine import Engine, Limits, identifier, open_engine, text_literal
from allotment.tables.opening import Source, columns_in, relation_of
from allotment.tables.pivoting import pivot_names

MOST_ROWS = 5_000_000
ROWS_SHOWN = 100
AS_PARQUET = "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
"""Written in place: the engine may reach no other file, not even one beside it."""

__all__ = ["BrokenPlan", "Computed", "Source", "columns_of", "compute", "count", "renamed", "rows"]


class BrokenPlan(Invalid):
    """A plan that does not fit its tables; `problems` has every reason found."""

    code = "broken-plan"

    def __init__(self, problems: Sequence[PlanProblem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(first.message + more, hint=first.remedy, where=f"plan.{first.operation}")


@dataclass(frozen=True)
class Computed:
    """What a plan made of a table."""

    columns: tuple[Column, ...]
    rows: int
    first: Rows
    """The first hundred rows."""


def compute(
    plan: Plan,
    source: Source,
    others: Mapping[str, Source] | None = None,
    *,
    out: Path | None = None,
    limits: Limits | None = None,
) -> Computed:
    """Compute a plan and write the result to `out` as typed Parquet (or nowhere, for its first rows alone).

    `others` are the tables that `join` can name. Raises BrokenPlan, TooLarge, Invalid, Conflict (stopped).
    """
    tables = {name: other for name, other in (others or {}).items() if _joins(plan, name)}
    with _target(out) as target:
        files = [source.parquet, *(other.parquet for other in tables.values()), target]
        with open_engine(files, limits) as engine:
            way = _Way(engine, tables, {name: columns_in(engine, other) for name, other in tables.items()})
            relation = way.through(plan, source)
            found = _write(engine, way.compiler, relation, target)
            columns = tuple(held.column for held in relation.held)
            first = engine.rows(
                "SELECT * FROM read_parquet($file) LIMIT $n", {"file": str(target), "n": ROWS_SHOWN}
            )
    return Computed(columns, found, Rows(columns, tuple(first), found))


def rows(source: Source, *, first: int = ROWS_SHOWN) -> Rows:
    """Return the first rows of a table, typed."""
    with open_engine([source.parquet]) as engine:
        compiler = Compiler()
        relation = relation_of(engine, compiler, source)
        shown = engine.rows(result(relation, first), compiler.parameters)
        return Rows(tuple(held.column for held in relation.held), tuple(shown), _count(engine, source))


def count(source: Source) -> int:
    """Return how many rows a table has."""
    with open_engine([source.parquet]) as engine:
        return _count(engine, source)


def columns_of(source: Source) -> tuple[Column, ...]:
    """Return the columns of a table."""
    with open_engine([source.parquet]) as engine:
        return columns_in(engine, source)


@dataclass
class _Way:
    """The way through a plan. A pivot makes columns from data, so its figures are computed before what follows."""

    engine: Engine
    others: Mapping[str, Source]
    columns: Mapping[str, tuple[Column, ...]]

    def __post_init__(self) -> None:
        self.compiler = Compiler()

    def through(self, plan: Plan, source: Source) -> Relation:
        columns = columns_in(self.engine, source)
        _refuse(check(plan, columns, self.columns).problems, 0)
        relation = relation_of(self.engine, self.compiler, source, plan)
        return self._along(plan, 0, relation, columns)

    def _along(self, plan: Plan, start: int, relation: Relation, columns: tuple[Column, ...]) -> Relation:
        checked = check(plan[start:], columns, self.columns)
        _refuse(checked.problems, start)
        for number, (operation, left) in enumerate(
            zip(plan[start:], checked.columns, strict=True), start + 1
        ):
            match operation:
                case Pivot():
                    relation = self._pivot(operation, relation, left)
                    return self._along(plan, number, relation, tuple(held.column for held in relation.held))
                case Join():
                    other = relation_of(self.engine, self.compiler, self.others[operation.table])
                    relation = self.compiler.join(operation, relation, other, left)
                case _:
                    relation = self.compiler.after(operation, relation, left)
        return relation

    def _pivot(self, operation: Pivot, relation: Relation, left: Sequence[Column]) -> Relation:
        """Compute the figures of a pivot into a table of the engine, look which columns they make, and spread them."""
        figures = self.compiler.across(operation, relation, left)
        table = self.compiler.fresh("kept")
        self.engine.run(f"CREATE TEMP TABLE {table} AS {statement(figures)}", self.compiler.parameters)
        self.compiler.parameters.clear()
        kept = replace(figures, name=table, expressions=())
        names = pivot_names(self.engine, operation, kept, [column.name for column in left])
        return self.compiler.pivoted(operation, kept, names)


def _joins(plan: Plan, table: str) -> bool:
    return any(isinstance(operation, Join) and operation.table == table for operation in plan)


def _refuse(problems: Sequence[PlanProblem], start: int) -> None:
    if problems:
        raise BrokenPlan([replace(problem, operation=problem.operation + start) for problem in problems])


@contextmanager
def _target(out: Path | None) -> Iterator[Path]:
    """Give the file to write to; one that is only half written does not stay."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="computed-") as folder:
            yield Path(folder) / "computed.parquet"
        return
    is_whole = False
    try:
        yield out
        is_whole = True
    finally:
        if not is_whole:
            out.unlink(missing_ok=True)


def _write(engine: Engine, compiler: Compiler, relation: Relation, target: Path) -> int:
    statement = result(relation, None if relation.is_in_order else MOST_ROWS + 1)
    copy = f"COPY ({statement}) TO {text_literal(str(target.resolve()))} {AS_PARQUET}"
    found = _only(engine.run(copy, compiler.parameters).fetchall())
    if found > MOST_ROWS:
        raise TooLarge(
            f"The result has more than {MOST_ROWS:,} rows.",
            hint="Join on columns that agree for only a few rows, or keep fewer rows.",
        )
    return found


def _count(engine: Engine, source: Source) -> int:
    return _only(engine.rows("SELECT count(*) FROM read_parquet($file)", {"file": str(source.parquet)}))


def _only(found: Sequence[tuple[Any, ...]]) -> int:
    return int(found[0][0])


def renamed(source: Source, names: Mapping[str, str], out: Path) -> Source:
    """Return a table of text with some columns under new names, written to `out`; itself when none changes."""
    reading = source.reading or ()
    changed = {one.name: names[one.name] for one in reading if names.get(one.name, one.name) != one.name}
    if not changed:
        return source
    taken = {folded(new) for new in changed.values()}
    kept = [one for one in reading if one.name in changed or folded(one.name) not in taken]
    cells = ", ".join(
        f"{identifier(one.name)} AS {identifier(changed.get(one.name, one.name))}" for one in kept
    )
    with open_engine([source.parquet, out]) as engine:
        rows_of = f"read_parquet({text_literal(str(source.parquet.resolve()))})"
        query = f"SELECT {cells} FROM {rows_of}"  # noqa: S608 - names quoted by `identifier`, the rest is ours
        engine.run(f"COPY ({query}) TO {text_literal(str(out.resolve()))} {AS_PARQUET}")
    return Source(out, tuple(replace(one, name=changed.get(one.name, one.name)) for one in kept))
