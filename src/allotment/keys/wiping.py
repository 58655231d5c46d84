"""Wiping from the database's own files what was overwritten there: destroyed keys, and what an upgrade sealed.

SQLite zeroes freed space (`secure_delete`), but its write-ahead log keeps earlier pages until it is cut. PostgreSQL
keeps earlier rows until their table is written anew; its own log ends them when it is recycled.
Invariant: what is owed is remembered beside the database, as an empty file named like the table, until it was done:
a reader in the way, or a process that ends in between, delays it and no more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.utils import CursorWrapper

from allotment.kernel.settings import settings

KEYS = "keys_datakey"
"""The table of data keys."""
PATIENCE_SECONDS = 5.0
"""How long to wait for others to get out of the way. Whoever comes after waits as long."""
REMEDY = "Stop every server and whatever else uses the database, such as a backup, then run: allotment up"
_log = logging.getLogger(__name__)


def owe(*tables: str) -> None:
    """Remember that earlier content of these tables is still in the database's files."""
    with _not_in_vain():
        for table in tables:
            _debts().mkdir(mode=0o700, exist_ok=True)
            (_debts() / table).touch()


def owed() -> tuple[str, ...]:
    """Return the tables of which earlier content is still in the database's files."""
    return tuple(sorted(debt.name for debt in _debts().iterdir())) if _debts().is_dir() else ()


def wipe(*tables: str, patience_seconds: float | None = None) -> bool:
    """Remove earlier content of these tables from the files. Returns False when others were in the way.

    It is owed then. On SQLite one log holds the pages of all tables.
    """
    connection, done = connections[DEFAULT_DB_ALIAS], set[str]()
    patience = round(1000 * (PATIENCE_SECONDS if patience_seconds is None else patience_seconds))
    if not connection.in_atomic_block:
        with suppress(Error), connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                done.update(tables if _is_log_cut(cursor, patience) else ())
            else:
                for table in tables:
                    _write_anew(cursor, connection.ops.quote_name(table), patience)
                    done.add(table)
    left = set(tables) - done
    owe(*left)
    with _not_in_vain():
        for table in done:
            (_debts() / table).unlink(missing_ok=True)
    return not left


def _is_log_cut(cursor: CursorWrapper, patience_milliseconds: int) -> bool:
    cursor.execute("PRAGMA busy_timeout")
    (usual,) = cursor.fetchone()
    cursor.execute(f"PRAGMA busy_timeout={patience_milliseconds}")
    try:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (is_busy, _, _) = cursor.fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout={usual}")
    return not is_busy


def _write_anew(cursor: CursorWrapper, table: str, patience_milliseconds: int) -> None:
    cursor.execute(f"SET lock_timeout = {patience_milliseconds}")
    try:
        cursor.execute(f"VACUUM FULL {table}")
    finally:
        cursor.execute("RESET lock_timeout")


@contextmanager
def _not_in_vain() -> Iterator[None]:
    """Let what was done stand although it cannot be noted: a key is destroyed, whoever remembers its bytes."""
    try:
        yield
    except OSError as error:
        _log.warning("What is to be wiped cannot be noted in %s: %s", _debts(), error)


def _debts() -> Path:
    return settings().home / "to-wipe"
