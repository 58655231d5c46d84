"""A text file in one clean dialect into Parquet, every column text.

Invariant: the rows keep their order; rows without a single filled cell are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from allotment.kernel.errors import TooLarge
from allotment.tables.engine import Limits, identifier, open_engine, text_literal
from allotment.tables.expressions import select
from allotment.tables.receiving import MOST_CELL, MOST_ROWS

_LIMITS = Limits(memory_mib=1024, seconds=60)


@dataclass(frozen=True)
class Dialect:
    """How a text file in UTF-8 is written, with `"` around cells that need it."""

    delimiter: str = ","
    skip: int = 0
    """Rows above the first row of data, blank ones too."""
    longest_line: int = MOST_CELL


def write_text_parquet(source: Path, target: Path, columns: Sequence[str], dialect: Dialect) -> int:
    """Write the rows of `source` to `target` under these names and return how many there are.

    Errors of DuckDB about the dialect pass. Raises `TooLarge` for too many rows.
    """
    # By number: DuckDB compares names without regard to case in its own way.
    kinds = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(columns)))
    read = (
        f"read_csv({text_literal(str(source.resolve()))}, header = false, skip = {dialect.skip:d}, "
        f"delim = {text_literal(dialect.delimiter)}, quote = '\"', escape = '\"', columns = {{{kinds}}}, "
        f"auto_detect = false, null_padding = false, strict_mode = true, max_line_size = {dialect.longest_line:d})"
    )
    cells = ", ".join(f"c{place} AS {identifier(name)}" for place, name in enumerate(columns))
    is_filled = f"coalesce({', '.join(f'c{place}' for place in range(len(columns)))}) IS NOT NULL"
    query = select(cells, read, f"WHERE {is_filled}")
    with open_engine([target, source], _LIMITS) as engine:
        found = engine.run(
            f"COPY ({query}) TO {text_literal(str(target.resolve()))} "
            "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        ).fetchone()
    rows = int(found[0]) if found else 0
    if rows > MOST_ROWS:
        target.unlink(missing_ok=True)
        raise TooLarge(f"There are {rows:,} rows; {MOST_ROWS:,} is the most.", hint="Split the file.")
    return rows
