"""Reports from raw rows, measured in a process of their own: `python -m benchmarks.reporting_inside ours 1000000`.

Prints seconds and the most memory used as JSON. `ours` reads, guesses, profiles, computes a grouped report and draws
it; `duckdb` and `pandas` do what they can of that alone: read with types, describe every column, group.
"""

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from allotment.charts.drawing import Chart, draw
from allotment.engine.tables.charting import Wanted
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.plan import Figure, Group, Key, Order, Sort
from allotment.engine.tables.rows import Rows
from allotment.tables.computing import Source, compute
from allotment.tables.files import read_file
from allotment.tables.kinds import guess
from allotment.tables.profiling import profile

_PLAN = (
    Group(
        by=(Key(column="day", part="month"), Key(column="region")),
        figures=(Figure(figure="sum", column="revenue"),),
    ),
    Sort(by=(Order(column="sum of revenue", largest_first=True),)),
)


def write_rows(file: Path, count: int) -> None:
    """Write a CSV file of 12 columns as a shop would have it."""
    with duckdb.connect() as engine:
        engine.execute(
            f"""COPY (SELECT i AS id, DATE '2024-01-01' + (i % 900)::INT AS day,
            ['North', 'South', 'East', 'West'][1 + i % 4] AS region, 'Product ' || (i * 7919 % 500) AS product,
            'Customer ' || (i * 104729 % 20000) AS customer, 'c' || (i * 104729 % 20000) || '@example.org' AS email,
            i % 9 + 1 AS units, ((i * 37) % 9999) / 100.0 AS price,
            ((i % 9 + 1) * ((i * 37) % 9999)) / 100.0 AS revenue,
            CASE WHEN i % 3 = 0 THEN 'yes' ELSE 'no' END AS paid,
            TIMESTAMP '2024-01-01 08:00:00' + INTERVAL (i % 500000) MINUTE AS noted,
            ['open', 'sent', NULL, 'returned'][1 + i * 31 % 4] AS status FROM range({count}) AS rows(i))
            TO '{file}' (HEADER, DELIMITER ',')"""  # noqa: S608 - a number and a path of our own
        )


@contextmanager
def _timed(took: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took[part] = time.perf_counter() - began


def ours(file: Path, folder: Path) -> dict[str, float]:
    """Read, guess and profile a file; compute and draw a report of it."""
    took: dict[str, float] = {}
    with _timed(took, "first chart"):
        _small_chart().svg("light")
    table = folder / "table.parquet"
    with _timed(took, "profiled"):
        read = read_file(file.name, file, table)
        reading = guess(table, read.columns)
        profile(table, reading)
    with _timed(took, "reported"):
        computed = compute(_PLAN, Source(table, reading), out=folder / "report.parquet")
        chart = draw(computed.first, Wanted())
        chart.svg("light")
    took["drawn again"] = statistics.median(_seconds(lambda: chart.svg("dark")) for _ in range(9))
    return took


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _small_chart() -> Chart:
    columns = (Column("Region", ColumnKind.TEXT), Column("Units", ColumnKind.WHOLE_NUMBER))
    return draw(Rows(columns, [("North", 3), ("South", 4)]), Wanted())


def alone(file: Path, _folder: Path) -> dict[str, float]:
    """Let DuckDB describe and group the file."""
    took: dict[str, float] = {}
    with duckdb.connect() as engine:
        with _timed(took, "profiled"):
            engine.execute(f"CREATE TABLE rows AS SELECT * FROM read_csv('{file}')")  # noqa: S608 - our own path
            engine.execute("SUMMARIZE rows").fetchall()
        with _timed(took, "reported"):
            engine.execute(
                "SELECT date_trunc('month', day) AS month, region, sum(revenue) AS revenue FROM rows"
                " GROUP BY ALL ORDER BY revenue DESC"
            ).fetchall()
    return took


def with_pandas(file: Path, _folder: Path) -> dict[str, float]:
    """Let pandas describe and group the file."""
    took: dict[str, float] = {}
    with _timed(took, "profiled"):
        rows = pd.read_csv(file, parse_dates=["day", "noted"])
        rows.describe(include="all")
        rows.nunique()
    with _timed(took, "reported"):
        rows.groupby([rows["day"].dt.to_period("M"), "region"])["revenue"].sum().sort_values(ascending=False)
    return took


_WAYS: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "ours": ours,
    "duckdb": alone,
    "pandas": with_pandas,
}


def main() -> None:
    """Measure one way on a file that is written first."""
    way, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="reporting-") as name:
        folder = Path(name)
        file = folder / "rows.csv"
        write_rows(file, count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = _WAYS[way](file, folder)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**took, "memory": most / 1024, "memory before": before / 1024}))


if __name__ == "__main__":
    main()
