"""Preparing an installation that an earlier version left: under its own master key only, and down to the files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from allotment.composition.preparing import prepare
from allotment.kernel.crypto import vault
from allotment.kernel.errors import Unavailable
from allotment.kernel.ids import new_id
from allotment.keys import masters, wiping
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow
from allotment.microapps.making import make_from_starter
from allotment.runs.models import Run
from allotment.runs.telling import Told, told_of
from tests.conftest import MakePerson
from tests.earlier import WORDS, tables_of_before, tables_of_now
from tests.reading import bytes_of


@pytest.fixture
def left_behind(transactional_db: None, person: MakePerson) -> Iterator[tuple[UUID, ...]]:
    """Runs that ended under the earlier version, of somebody who has no key yet."""
    ann = person(roles=["maker"], spaces=["Service desk"])
    app = make_from_starter(ann.actor, "reply-to-a-customer").id
    vault().seal(b"x", context="a table.a column:1")
    DataKeyRow.objects.filter(subject=ann.id).delete()
    stored_keys.forget_all()
    rows = tables_of_before().get_model("runs", "Run").objects
    about = {"app_id": app, "person_id": ann.id, "spec": {}, "form": b"", "state": "failed", **WORDS}
    made = tuple(new_id() for _ in range(200))
    rows.bulk_create([rows.model(id=run, **about) for run in made])
    yield made
    tables_of_now()


@pytest.fixture
def another_master_key(left_behind: tuple[UUID, ...]) -> Iterator[Callable[[], None]]:
    """Put another key in the place of the master key; return what puts the right one back."""
    file = masters.key_file().path
    right = file.read_bytes()

    def put(key: bytes) -> None:
        file.write_bytes(key)
        masters.masters.cache_clear()
        stored_keys.forget_all()

    put(b"W" * 32)
    yield lambda: put(right)
    put(right)


def test_an_upgrade_under_another_master_key_changes_nothing(
    left_behind: tuple[UUID, ...], another_master_key: Callable[[], None]
) -> None:
    with pytest.raises(Unavailable, match="is needed"):
        prepare()
    another_master_key()
    prepare()
    assert {told_of(run) for run in Run.objects.filter(id__in=left_behind)} == {Told(**WORDS)}


def test_what_an_upgrade_sealed_is_in_no_file_of_the_database(
    left_behind: tuple[UUID, ...], caplog: pytest.LogCaptureFixture
) -> None:
    before = _file_of_runs()
    prepare()
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        files = {path.name: bytes_of(path) for path in name.parent.glob(f"{name.name}*")}
        assert [name for name, content in files.items() if b"Xanthippe" in content] == []
    else:
        assert _file_of_runs() != before  # the table was written anew
    assert "(runs_run)" in caplog.text
    assert wiping.owed() == ()


def test_what_cannot_be_wiped_now_is_told_and_does_not_keep_the_start(
    left_behind: tuple[UUID, ...], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping, "_is_log_cut", lambda *_: False)
    monkeypatch.setattr(wiping, "_write_anew", _out_of_room)
    prepare()
    assert wiping.owed() == ("runs_run",)
    assert f"earlier content of runs_run is still in its files. {wiping.REMEDY}" in caplog.text
    monkeypatch.undo()
    prepare()
    assert wiping.owed() == ()
    caplog.clear()
    prepare()
    assert caplog.text == ""


def _out_of_room(cursor: Any, *_: object) -> None:
    cursor.execute("SELECT 1 FROM no_such_table")


def _file_of_runs() -> object:
    """Return the file PostgreSQL keeps the runs in; None on SQLite."""
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filepath('runs_run')")
        return cursor.fetchone()
