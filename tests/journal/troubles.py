"""Databases that cannot be written, as they are: locked by somebody, a file that may only be read, a full disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connections

_PAGE = 4096


def database_file() -> str:
    return str(settings.DATABASES["default"]["NAME"])


@contextmanager
def changed(name: str, value: object, *, option: bool = True) -> Iterator[None]:
    """Let new connections be made so."""
    with pytest.MonkeyPatch.context() as patch:
        made = connections.settings["default"]
        patch.setitem(made["OPTIONS"] if option else made, name, value)
        yield


@contextmanager
def locked() -> Iterator[None]:
    """Have somebody else write for as long as this lasts; whoever waits does so for a moment only."""
    lock = sqlite3.connect(database_file(), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        with changed("init_command", "PRAGMA busy_timeout=50"), changed("timeout", 0.05):
            yield
    finally:
        lock.execute("ROLLBACK")
        lock.close()


@contextmanager
def read_only() -> Iterator[None]:
    """Have a file that may only be read."""
    with changed("NAME", f"file:{database_file()}?mode=ro", option=False):
        yield


@contextmanager
def full() -> Iterator[None]:
    """Have a disk without room. SQLite answers SQLITE_FULL at its page limit just as it does on a full disk."""
    other = sqlite3.connect(database_file(), isolation_level=None, timeout=10)
    (free,) = other.execute("PRAGMA freelist_count").fetchone()
    other.execute("CREATE TABLE filler (what BLOB)")
    other.execute("INSERT INTO filler VALUES (zeroblob(?))", [(free + 1) * _PAGE])
    (pages,) = other.execute("PRAGMA page_count").fetchone()
    try:
        with changed("init_command", f"PRAGMA max_page_count={pages}"):
            yield
    finally:
        other.execute("DROP TABLE filler")
        other.close()
