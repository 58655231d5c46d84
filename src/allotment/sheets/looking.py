"""Looking at a file: reading it, guessing the kinds of its columns, profiling it. Few at once: each takes memory."""

from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

import msgspec

from allotment.sheets.values import About
from allotment.tables.engine import open_engine
from allotment.tables.files import Choice, read_file
from allotment.tables.kinds import Reading, guess
from allotment.tables.profiling import profile

FIRST_ROWS = 20
_SHOWN = 200
"""Characters of a cell among the first rows."""
_at_once = BoundedSemaphore(2)


@dataclass(frozen=True)
class Looked:
    """A file that was looked at; its rows are in `parquet`."""

    parquet: Path
    rows: int
    about: About


def look(name: str, file: Path, folder: Path, choice: Choice) -> Looked:
    """Read a file into the folder and say what is in it; raises `Invalid` and `TooLarge`."""
    parquet = folder / "table.parquet"
    with _at_once:
        read = read_file(name, file, parquet, choice)
        reading = guess(parquet, read.columns)
        about = About(
            name=name,
            columns=read.columns,
            reading=reading,
            profile=profile(parquet, reading),
            facts=read.facts,
            choice=choice,
            first=_first(parquet),
        )
    return Looked(parquet, read.rows, about)


def look_again(about: About, parquet: Path, reading: Reading) -> About:
    """Return what is in a table when it is read so."""
    with _at_once:
        found = profile(parquet, reading)
    return msgspec.structs.replace(about, reading=reading, profile=found)


def _first(parquet: Path) -> tuple[tuple[str, ...], ...]:
    with open_engine([parquet]) as engine:
        found = engine.rows(
            "SELECT * FROM read_parquet($file) LIMIT $most",
            {"file": str(parquet.resolve()), "most": FIRST_ROWS},
        )
    return tuple(tuple((cell or "")[:_SHOWN] for cell in row) for row in found)
