"""Moves SQLite's write-ahead log into the database file, in a thread of its own, so that no commit has to.

SQLite lets the commit that makes the log long do that work, with everybody whose journal entry is in it waiting for
two syncs of the disk and a thousand pages. A passive checkpoint beside it keeps nobody waiting
(https://sqlite.org/wal.html#ckpt). Should the thread fall behind, commits do it again, from a longer log on
(`wal_autocheckpoint` in `site/databases.py`).
"""

import threading

from django.db import DEFAULT_DB_ALIAS, Error, connections

PACE_SECONDS = 0.5


class Upkeep:
    """The thread. Start it once per process, on SQLite only."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-upkeep", daemon=True)

    def start(self) -> None:
        """Start the thread; without effect where the rows live in a database that looks after itself."""
        if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(PACE_SECONDS):
                _checkpoint()
        finally:
            connections.close_all()


def _checkpoint() -> None:
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except Error:  # a full disk, say: commits meet it too, and tell whom it concerns
        connections.close_all()
