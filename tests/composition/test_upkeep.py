"""Upkeep: SQLite's log is moved into its file beside the commits, and stopping ends the thread."""

import time

import pytest
from django.db import connection

from allotment.composition import upkeep
from allotment.journal.recording import note

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


def _left_in_log() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(NOOP)")
        _, frames, moved = cursor.fetchone()
    return int(frames - moved)


def test_log_is_moved_into_the_file_while_others_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PACE_SECONDS", 0.02)
    keeping = upkeep.Upkeep()
    note("tests.upkeep", actor=None, object_kind="test", object_id="1")
    keeping.start()
    try:
        deadline = time.monotonic() + 10
        while _left_in_log() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _left_in_log() == 0
    finally:
        keeping.stop()


def test_stopping_without_a_start_does_nothing() -> None:
    upkeep.Upkeep().stop()
