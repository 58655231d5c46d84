"""Tables nobody here made, as files: every one of the `vega_datasets` package is read, profiled and drawn.

pandas is the judge of what is in them: it holds the same values without a file in between.
"""

from pathlib import Path

import pandas as pd
import pytest
from vega_datasets import local_data

from allotment.charts.drawing import draw
from allotment.engine.tables.charting import Wanted
from allotment.engine.tables.columns import NUMBERS, ColumnKind
from allotment.tables.computing import Source, rows
from allotment.tables.files import read_file
from allotment.tables.kinds import guess
from allotment.tables.profiling import profile

pytestmark = pytest.mark.filterwarnings("ignore:The .convert_dates. keyword")

NAMES = sorted(local_data.list_datasets())
ROWS_DRAWN = 5_000
DATES = frozenset({ColumnKind.DATE, ColumnKind.MOMENT})
MOST_IN_A_WORKBOOK = 10_000
"""Rows for which writing a workbook takes longer than anything that is tested."""


def _path(name: str) -> Path:
    return Path(getattr(local_data, name.replace("-", "_")).filepath)


def _frame(name: str) -> pd.DataFrame:
    return local_data(name)


def _read(path: Path, folder: Path) -> Source:
    table = folder / "table.parquet"
    read = read_file(path.name, path, table)
    return Source(table, guess(table, read.columns))


def _for_a_workbook(frame: pd.DataFrame) -> pd.DataFrame:
    """Write dates before 1900, which workbooks know none of, as the text that people write instead."""
    frame = frame.head(MOST_IN_A_WORKBOOK).copy()
    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name]) and frame[name].min().year < 1900:
            frame[name] = frame[name].dt.strftime("%Y-%m-%d").astype(object)
    return frame


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_each_is_read_profiled_and_drawn(name: str, ending: str, tmp_path: Path) -> None:
    frame = _frame(name)
    path = tmp_path / f"table.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame = _for_a_workbook(frame)
        frame.to_excel(path, index=False)
    source = _read(path, tmp_path)
    found = profile(source.parquet, source.reading or ())
    assert found.rows == len(frame)
    assert [column.name for column in found.columns] == list(frame.columns)
    for column in found.columns:
        given = frame[column.name]
        assert column.gaps == int((given.isna() | (given.astype(str) == "")).sum()), column.name
        assert column.unread == 0, column.name
        if pd.api.types.is_bool_dtype(given):
            assert column.kind is ColumnKind.YES_NO
        elif pd.api.types.is_numeric_dtype(given):
            assert column.kind in NUMBERS, column.name
            assert column.mean == pytest.approx(float(given.mean()))
        elif pd.api.types.is_datetime64_any_dtype(given):
            assert column.kind in DATES, column.name
    chart = draw(rows(source, first=ROWS_DRAWN), Wanted())
    assert chart.svg("light").startswith("<svg")
    assert chart.alt


@pytest.mark.parametrize("name", [name for name in NAMES if _path(name).suffix == ".csv"])
def test_each_file_is_read_as_it_came(name: str, tmp_path: Path) -> None:
    frame, source = _frame(name), _read(_path(name), tmp_path)
    found = profile(source.parquet, source.reading or ())
    assert found.rows == len(frame)
    for column in found.columns:
        assert column.unread == 0, column.name
        if pd.api.types.is_numeric_dtype(frame[column.name]):
            assert column.kind in NUMBERS, column.name
        elif pd.api.types.is_datetime64_any_dtype(frame[column.name]) and column.name != "year":
            assert column.kind in DATES, column.name
