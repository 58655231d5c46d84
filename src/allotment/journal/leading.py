"""Who numbers and signs: one process of all that share a database, until it ends or loses its connection.

Invariant: at most one holder. SQLite: a lock on a file in the home, which ends with the process. PostgreSQL: an
advisory lock, which ends with the connection that writes, so whoever lost the lead cannot write any more.
"""

import fcntl
from pathlib import Path
from typing import IO

from django.db import DEFAULT_DB_ALIAS, connections

from allotment.kernel.settings import settings

_LOCK = 0x616C6C6F746D656E
"""“allotmen”, read as a number."""


class Lead:
    """The lead, for one thread."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home
        self._file: IO[bytes] | None = None
        self._is_held = False

    def take(self) -> bool:
        """Take the lead, if nobody else has it. Not twice without giving it up."""
        if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
            self._is_held = _ask("SELECT pg_try_advisory_lock(%s)")
            return self._is_held
        file = ((self._home or settings().home) / "journal.lead").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if isinstance(error, BlockingIOError):
                return False
            raise  # a file system without locks
        self._file = file
        return True

    def give_up(self) -> None:
        """Let somebody else take it. Raises `django.db.Error` without a connection; the lock is gone then anyway."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._is_held:
            self._is_held = False
            _ask("SELECT pg_advisory_unlock(%s)")


def _ask(question: str) -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(question, [_LOCK])
        return bool(cursor.fetchone()[0])
