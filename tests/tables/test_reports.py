"""Whole reports as people describe them, from rows as people have them: columns read right, every table computed."""

from decimal import Decimal
from pathlib import Path

import pytest

import allotment
from allotment.engine.spec.app import App, ForEach, Table
from allotment.engine.spec.paths import columns_added
from allotment.engine.spec.reading import from_located
from allotment.engine.spec.validation import problems
from allotment.engine.spec.yaml_text import parse
from allotment.tables.beside import put_beside
from allotment.tables.computing import Computed, Source, compute, count
from allotment.tables.kinds import guess
from allotment.tables.reading import read_text, write_parquet

_STARTERS = Path(allotment.__file__).parent / "microapps" / "starters"
REPORTS = sorted(
    (file for file in _STARTERS.glob("*.yaml") if "do: table" in file.read_text(encoding="utf-8")),
    key=lambda file: file.stem,
)


def _app(file: Path) -> App:
    located = parse(file.read_text(encoding="utf-8"))
    located.data.pop("starter")
    return from_located(located)


def _tables(app: App, folder: Path) -> dict[str, Computed]:
    field = app.form[0].field
    read = read_text(app.sample[field])
    write_parquet(read, folder / "form.parquet")
    sources = {f"form.{field}": Source(folder / "form.parquet", guess(folder / "form.parquet", read.columns))}
    found = {}
    for step in app.steps:
        out = folder / f"{step.step}.parquet"
        if isinstance(step, Table):
            found[step.step] = compute(step.plan, sources[step.from_], out=out)
        elif isinstance(step, ForEach):  # as a model might answer
            labels = [
                (step.answer.choice[row % len(step.answer.choice)],)
                for row in range(count(sources[step.rows]))
            ]
            put_beside(sources[step.rows], columns_added(step), labels, out)
        sources[f"steps.{step.step}"] = Source(out)
    return found


@pytest.mark.parametrize("file", REPORTS, ids=lambda file: file.stem)
def test_each_report_is_whole_and_computes(file: Path, tmp_path: Path) -> None:
    app = _app(file)
    assert [str(one) for one in problems(app)] == []
    assert all(computed.rows > 0 for computed in _tables(app, tmp_path).values())


@pytest.mark.parametrize("file", REPORTS, ids=lambda file: file.stem)
def test_columns_are_read_as_the_report_expects_them(file: Path, tmp_path: Path) -> None:
    field = _app(file).form[0]
    read = read_text(_app(file).sample[field.field])
    write_parquet(read, tmp_path / "t.parquet")
    kinds = {one.name: one.kind for one in guess(tmp_path / "t.parquet", read.columns)}
    assert {column.column: kinds[column.column] for column in field.columns} == {
        column.column: column.kind for column in field.columns
    }


def test_sums_of_money_are_exact(tmp_path: Path) -> None:
    app = _app(next(file for file in REPORTS if file.stem == "expenses"))
    rows = read_text(app.sample["expenses"]).rows
    by_hand: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row[3].removesuffix(" €").replace(".", "").replace(",", "."))
        by_hand[row[2]] = by_hand.get(row[2], Decimal()) + amount
    categories = _tables(app, tmp_path)["categories"].first.rows
    assert {row[0]: row[1] for row in categories} == by_hand
