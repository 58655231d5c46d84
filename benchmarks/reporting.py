"""Reports from raw rows: profiled, grouped, drawn and written; beside DuckDB alone and pandas."""

import io
import json
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal

import pypdf

from allotment.charts.drawing import draw
from allotment.documents.report import Part, Picture, Prose, Report
from allotment.documents.writing import write
from allotment.engine.tables.charting import Wanted
from allotment.engine.tables.columns import Column, ColumnKind
from allotment.engine.tables.rows import Rows
from benchmarks.findings import Finding, Measured
from benchmarks.progress import say

WORDS = """\
A CSV file of 12 columns: read, every column profiled, grouped by month and region, drawn. Each way in a process of its
own. DuckDB and pandas do neither exact decimals nor the search for personal data, and draw nothing."""
_COLUMNS = (
    Column("Day", ColumnKind.DATE),
    Column("Product", ColumnKind.TEXT),
    Column("Units", ColumnKind.WHOLE_NUMBER),
    Column("Revenue", ColumnKind.NUMBER),
)


def measure(*, rows: int) -> Measured:
    """Return what was measured, each way in a process of its own."""
    many, some = _inside("ours", rows), _inside("ours", rows // 10)
    found = [
        Finding(f"{rows:,} rows of 12 columns read and profiled", many["profiled"], "s", 4, "CSV"),
        Finding("Grouped report of them with a chart", many["reported"], "s", 2, ""),
        Finding("Memory for both", many["memory"], "MB", 1500, "most at any time, whole process"),
        Finding(
            f"{rows // 10:,} rows: profile, report and chart",
            some["profiled"] + some["reported"],
            "s",
            1,
            "in all",
        ),
        Finding(
            "A chart after the first", many["drawn again"] * 1000, "ms", 60, "SVG, 100 points, median of 9"
        ),
        Finding(
            "The first chart of a process", many["first chart"] * 1000, "ms", None, "the renderer starts"
        ),
        _pdf(),
    ]
    for way, words in (("duckdb", "DuckDB alone"), ("pandas", "pandas")):
        other = _inside(way, rows)
        found += [
            Finding(
                f"{words}: {rows:,} rows read and described", other["profiled"], "s", None, "for comparison"
            ),
            Finding(f"{words}: grouped", other["reported"], "s", None, "without a chart"),
            Finding(f"{words}: memory", other["memory"], "MB", None, "most at any time"),
        ]
    return Measured(found)


def _inside(way: str, count: int) -> dict[str, float]:
    say(f"{way}: {count:,} rows")
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.reporting_inside", way, str(count)],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    took: dict[str, float] = json.loads(told.splitlines()[-1])
    return took


def _pdf() -> Finding:
    rows = [(date(2026, 1, 1 + n % 28), f"Product {n}", n, Decimal(n * 37) / 100) for n in range(300)]
    months = Rows(_COLUMNS[::3], [(date(2026, month, 1), Decimal(month * 991)) for month in range(1, 13)])
    chart = draw(months, Wanted())
    picture = Picture(chart.svg("print"), chart.png, chart.alt, months)
    text = Prose("\n\n".join(["Revenue rose in most months of the year, and most in spring."] * 6))
    parts = (Part("In short", text), Part("Months", picture), Part("Every sale", Rows(_COLUMNS, rows)))
    began = time.perf_counter()
    content = write(Report("Sales", (("By", "Person"),), parts), "pdf")
    took = time.perf_counter() - began
    pages = _pages(content)
    return Finding(
        "PDF of a report of ten pages", took * 10 / pages, "s", 3, f"{pages} pages in {took:.2f} s"
    )


def _pages(content: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(content)).pages)
