"""What keeps the database from answering, told apart by its own codes, and by its words where there are none.

Invariant: only trouble that comes from outside is named here; a mistake in a query is a defect and stays one.
Refuses to pass on what the database says: it may hold names of files, hosts and people.
"""

import errno
import sqlite3
from enum import Enum

from django.db import Error as DjangoError


class Trouble(Enum):
    """Why nothing can be read or written."""

    BUSY = "busy"
    READ_ONLY = "read-only"
    FULL = "full"
    AWAY = "away"
    DAMAGED = "damaged"


# https://sqlite.org/rescode.html: the low byte is the primary result code.
_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR: Trouble.AWAY,
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html: whole codes first, then classes.
_POSTGRESQL_CODES = {
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "53300": Trouble.BUSY,
    "55P03": Trouble.BUSY,
    "57014": Trouble.BUSY,
    "57P01": Trouble.AWAY,
    "57P02": Trouble.AWAY,
    "57P03": Trouble.AWAY,
    "58030": Trouble.AWAY,
    "08": Trouble.AWAY,
    "40": Trouble.BUSY,
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
}
_WORDS = {
    "locked": Trouble.BUSY,
    "lock timeout": Trouble.BUSY,
    "deadlock": Trouble.BUSY,
    "readonly database": Trouble.READ_ONLY,
    "read-only transaction": Trouble.READ_ONLY,
    "disk is full": Trouble.FULL,
    "No space left": Trouble.FULL,
    "unable to open database": Trouble.AWAY,
    "disk I/O error": Trouble.AWAY,
    "connection": Trouble.AWAY,
    "malformed": Trouble.DAMAGED,
    "not a database": Trouble.DAMAGED,
}
_DISK = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
}


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Return what is wrong with the database or its disk; None for anything else."""
    if isinstance(error, DjangoError | sqlite3.Error):
        cause = error.__cause__ or error
        code = getattr(cause, "sqlite_errorcode", None)
        if code is not None:
            return _SQLITE_CODES.get(code & 0xFF)
        state = getattr(cause, "sqlstate", None)
        if state:
            return _POSTGRESQL_CODES.get(state) or _POSTGRESQL_CODES.get(state[:2])
        return next((trouble for words, trouble in _WORDS.items() if words in str(error)), None)
    return _DISK.get(error.errno or 0) if isinstance(error, OSError) else None
