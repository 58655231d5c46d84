"""Tables: how long a file takes from the disk to a profile, and in how much memory; beside others doing as much.

`python -m benchmarks.tables` prints the findings alone; each way runs in a process of its own.
"""

import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import msgspec
import pandas as pd  # type: ignore[import-untyped]

from allotment.tables.files import read_file
from allotment.tables.kinds import guess
from allotment.tables.profiling import profile
from benchmarks.findings import Finding, table

HEADINGS = (
    "Order", "Date", "Time", "Region", "Product", "Units", "Price", "Revenue", "Customer", "E-mail", "Paid", "Note",
)  # fmt: skip
_PRODUCTS = ("Kettle", "Lamp", "Chair, wooden", "Desk", "Sofa", "Rug")
_PROMISED_ROWS, _MOST_SECONDS, _MOST_MIB = 1_000_000, 4, 1536


class Spent(msgspec.Struct, frozen=True):
    """What one way took: seconds by part, and the most memory of its process."""

    seconds: dict[str, float]
    mib: float


def write_orders(path: Path, rows: int) -> None:
    """Write a file of orders, the same ones each time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(_orders(rows))


def _orders(rows: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(1)  # noqa: S311 - made-up orders
    for number in range(rows):
        units, cents = chance.randint(1, 40), chance.randint(100, 99_999)
        day = date(2024, 1, 1) + timedelta(days=chance.randrange(900))
        region, product = chance.choice(("North", "South", "East", "West")), chance.choice(_PRODUCTS)
        moment = f"{day} {number % 24:02}:{number % 60:02}"
        price, revenue = f"{cents / 100:.2f}", f"{cents * units / 100:,.2f}"
        customer = number % 50_000
        yield (
            f"A{number:07}", day, moment, region, product, units, price, revenue, f"Customer {customer}",
            f"c{customer}@example.org", ("yes", "no", "")[number % 3], "" if number % 4 else "called twice",
        )  # fmt: skip


def measure(folder: Path, *, rows: int) -> list[Finding]:
    """Read and profile a file of so many rows, in each way."""
    path = folder / f"orders-{rows}.csv"
    write_orders(path, rows)
    ours, alone, pandas = (_spent(way, path) for way in _WAYS)
    is_promised = rows == _PROMISED_ROWS
    parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in ours.seconds.items())
    what = f"A CSV file of {rows:,} rows and {len(HEADINGS)} columns: read, typed and profiled"
    return [
        Finding(what, sum(ours.seconds.values()), "s", _MOST_SECONDS if is_promised else None, parts),
        Finding("… most memory", ours.mib, "MiB", _MOST_MIB if is_promised else None),
        _beside("… DuckDB alone: `read_csv`, `SUMMARIZE`", alone),
        _beside("… pandas: `read_csv`, `describe`, `duplicated`", pandas),
    ]


def _beside(what: str, spent: Spent) -> Finding:
    return Finding(what, sum(spent.seconds.values()), "s", note=f"{spent.mib:.0f} MiB")


def _spent(way: str, path: Path) -> Spent:
    command = [sys.executable, "-m", "benchmarks.tables", way, str(path)]
    done = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Spent)


def _ours(path: Path) -> dict[str, float]:
    out = path.with_suffix(".parquet")
    start = time.perf_counter()
    read = read_file(path.name, path, out)
    was_read = time.perf_counter()
    reading = guess(out, read.columns)
    guessed = time.perf_counter()
    profile(out, reading)
    return {
        "read": was_read - start,
        "typed": guessed - was_read,
        "profiled": time.perf_counter() - guessed,
    }


def _duckdb(path: Path) -> dict[str, float]:
    start = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE orders AS SELECT * FROM read_csv($file)", {"file": str(path)})
        connection.execute("SUMMARIZE orders").fetchall()
    return {"all": time.perf_counter() - start}


def _pandas(path: Path) -> dict[str, float]:
    start = time.perf_counter()
    orders = pd.read_csv(path, parse_dates=["Date", "Time"], thousands=",")
    orders.describe(include="all")
    orders.duplicated().sum()
    return {"all": time.perf_counter() - start}


_WAYS: dict[str, Callable[[Path], dict[str, float]]] = {"ours": _ours, "duckdb": _duckdb, "pandas": _pandas}


def main() -> None:
    """Measure one way in this process, or every way and print what was found."""
    if len(sys.argv) > 1:
        seconds = _WAYS[sys.argv[1]](Path(sys.argv[2]))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(msgspec.json.encode(Spent(seconds, most)).decode())
        return
    with tempfile.TemporaryDirectory(prefix="tables-") as folder:
        print(table(found for rows in (100_000, 1_000_000) for found in measure(Path(folder), rows=rows)))


if __name__ == "__main__":
    main()
