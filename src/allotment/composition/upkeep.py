"""Moves SQLite's write-ahead log into the database file, in a thread of its own, so that no commit has to; wipes.

SQLite lets the commit that makes the log long do that work, with everybody whose journal entry is in it waiting for
two syncs of the disk and a thousand pages. A passive checkpoint beside it keeps nobody waiting
(https://sqlite.org/wal.html#ckpt). Should the thread fall behind, commits do it again, from a longer log on
(`wal_autocheckpoint` in `site/databases.py`).

What somebody in the way kept from being wiped (`keys/wiping.py`) is wiped here once nobody is: on SQLite within some
seconds, on PostgreSQL within a minute and only the table of keys, for its rows are few; writing others anew would keep
everybody waiting.
"""

import threading
import time
from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS, Error, connections

from allotment.keys import wiping

PACE_SECONDS = 0.5
_PATIENCE_SECONDS = 0.1
"""While a wipe waits for those in its way, all who come later wait for it."""
WIPE_AGAIN_SECONDS = 5.0
"""On SQLite after a wipe that was kept from its work: so a long reader costs those who write a fiftieth at most."""
WIPE_PACE_SECONDS = 60.0
"""On PostgreSQL."""


class Upkeep:
    """The thread. Start it once per process."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-upkeep", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
                self._keep_log_short()
            else:
                self._keep_keys_wiped()
        finally:
            connections.close_all()

    def _keep_log_short(self) -> None:
        is_clean = False  # a process that was killed may have left what it had overwritten
        wipes_at = 0.0
        while not self._stopping.wait(PACE_SECONDS):
            try:
                if (is_clean and not wiping.owed()) or time.monotonic() < wipes_at:
                    _checkpoint()
                else:
                    is_clean = _is_wiped(*{wiping.KEYS, *wiping.owed()})
                    wipes_at = 0.0 if is_clean else time.monotonic() + WIPE_AGAIN_SECONDS
            except (Error, OSError):  # a full disk, say: commits meet it too, and tell whom it concerns
                connections.close_all()

    def _keep_keys_wiped(self) -> None:
        while not self._stopping.wait(WIPE_PACE_SECONDS):
            with suppress(OSError):
                if wiping.KEYS in wiping.owed():
                    _is_wiped(wiping.KEYS)
                    connections.close_all()


def _is_wiped(*tables: str) -> bool:
    return wiping.wipe(*tables, patience_seconds=_PATIENCE_SECONDS)


def _checkpoint() -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
