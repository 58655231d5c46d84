"""Upkeep: SQLite's log is moved into its file beside the commits, wipes are made up for, stopping ends the thread."""

import time
from pathlib import Path

import pytest
from django.db import connection

from allotment.composition import upkeep
from allotment.journal.recording import note
from allotment.kernel.crypto import vault
from allotment.kernel.ids import new_id
from allotment.keys import wiping
from allotment.keys.erasing import destroy
from allotment.keys.models import DataKeyRow
from tests.reading import bytes_of, somebody_reading

pytestmark = pytest.mark.django_db(transaction=True)


def _left_in_log() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(NOOP)")
        _, frames, moved = cursor.fetchone()
    return int(frames - moved)


@pytest.mark.sqlite
def test_log_is_moved_into_the_file_while_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.02)
    keeping = upkeep.Upkeep()
    note("tests.upkeep", actor=None, object_kind="test", object_id="1")
    keeping.start()
    try:
        deadline = time.monotonic() + 60
        while _left_in_log() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _left_in_log() == 0
    finally:
        keeping.stop()


@pytest.mark.sqlite
def test_the_log_that_an_earlier_process_left_is_cut_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.02)
    keeping, log = upkeep.Upkeep(), Path(f"{connection.settings_dict['NAME']}-wal")
    note("tests.upkeep", actor=None, object_kind="test", object_id="1")
    assert log.stat().st_size
    keeping.start()
    try:
        deadline = time.monotonic() + 60
        while log.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.02)
        assert log.stat().st_size == 0
    finally:
        keeping.stop()


def test_stopping_without_a_start_does_nothing() -> None:
    upkeep.Upkeep().stop()


def test_what_a_reader_kept_from_being_wiped_is_wiped_once_nobody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.02)
    monkeypatch.setattr(upkeep, "WIPE_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(upkeep, "WIPE_PACE_SECONDS", 0.02)
    monkeypatch.setattr(wiping, "PATIENCE_SECONDS", 0.05)
    ann, keeping = new_id(), upkeep.Upkeep()
    vault().seal(b"x", context="a table.a column:1", subject=ann)
    wrapped = bytes(DataKeyRow.objects.get(subject=ann).wrapped)
    with somebody_reading():
        destroy(ann)
        assert wiping.owed() == (wiping.KEYS,)
    keeping.start()
    try:
        deadline = time.monotonic() + 60
        while wiping.owed() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert wiping.owed() == ()
        if connection.vendor == "sqlite":
            name = Path(connection.settings_dict["NAME"])
            assert not any(wrapped in bytes_of(path) for path in name.parent.glob(f"{name.name}*"))
    finally:
        keeping.stop()


@pytest.mark.sqlite
def test_a_long_reader_is_asked_to_wait_for_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "WIPE_AGAIN_SECONDS", 60.0)
    wipes, moves = list[int](), list[int]()
    monkeypatch.setattr(upkeep, "_checkpoint", lambda: moves.append(1))
    monkeypatch.setattr(upkeep, "_is_wiped", lambda *_: bool(wipes.append(1)))
    keeping = upkeep.Upkeep()
    keeping.start()
    try:
        deadline = time.monotonic() + 60
        while len(moves) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(moves) >= 10
        assert len(wipes) == 1
    finally:
        keeping.stop()


def test_another_try_waits_for_nobody_while_somebody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_PATIENCE_SECONDS", 0.05)
    with somebody_reading():
        vault().seal(b"x", context="a table.a column:1", subject=new_id())
        assert not upkeep._is_wiped(wiping.KEYS)
        assert wiping.owed() == (wiping.KEYS,)
    assert upkeep._is_wiped(wiping.KEYS)
