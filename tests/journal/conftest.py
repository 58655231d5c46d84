"""A journal without entries, with keys and files of its own."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction

from allotment.engine.recording import Entry
from allotment.journal import growing, leading, sequencing, signing
from allotment.journal.models import JournalEntry
from allotment.journal.recording import record_all
from allotment.journal.verifying import Outside, verify
from allotment.journal.writing import JournalWriter
from allotment.kernel import clock
from allotment.kernel.settings import Settings, settings

TABLES = ("entry", "leaf", "node", "checkpoint", "change", "personal")


def record(count: int) -> None:
    record_all([Entry(clock.now(), "apps.see", "done", None, "test", str(step)) for step in range(count)])


def checked(home: Path) -> int:
    """Return how many entries there are, each with one place, all signed and sound."""
    found = verify(Outside.read(home))
    assert found.problems == ()
    assert found.newest is not None
    assert found.newest.checkpoint.size == found.entries == JournalEntry.objects.count()
    return found.entries


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, sequencing.state()
        time.sleep(0.02)


def empty_tables() -> None:
    """Remove every row of the journal, below the triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in TABLES:
                cursor.execute(f"DELETE FROM journal_{table}")  # noqa: S608 - names from above
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'journal_%'"
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        for table in TABLES:
            cursor.execute(f"DELETE FROM journal_{table}")  # noqa: S608 - names from above
        for _, statement in triggers:
            cursor.execute(statement)


def forget_signatures() -> None:
    """Remove what the installation of all tests keeps outside the database, which begins anew."""
    for name in ("journal.key", "journal.vkeys", "journal.checkpoint"):
        (settings().home / name).unlink(missing_ok=True)


@pytest.fixture
def writer() -> Iterator[JournalWriter]:
    """The gate's way into the journal, started and stopped."""
    made = JournalWriter()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that the journal's files are in, instead of the installation's."""
    made: Settings = replace(settings(), home=tmp_path, journal_key_file=tmp_path / "journal.key")
    for module in (growing, leading, signing):
        monkeypatch.setattr(module, "settings", lambda: made)
    return tmp_path


@pytest.fixture
def bare(transactional_db: None, home: Path) -> Iterator[Path]:
    """Begin and end with an empty journal; return its home."""
    empty_tables()
    yield home
    empty_tables()
    forget_signatures()
