"""Reading the database from beside: its files as they are, and a transaction that stays open."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

_PATIENCE_SECONDS = 60


def bytes_of(path: Path) -> bytes:
    """Return what a file of SQLite holds, read by another process.

    Locks belong to a process: it loses those on a file once it closes any descriptor of it. Then another one that opens
    the database cuts the index of the log, which this one has in its memory: SIGBUS
    (https://sqlite.org/howtocorrupt.html, “POSIX advisory locks canceled by a separate thread doing close()”).
    """
    return subprocess.run(["cat", str(path)], check=True, capture_output=True).stdout


@contextmanager
def somebody_reading() -> Iterator[None]:
    """Keep a transaction open that read data keys, in a thread and on a connection of its own."""
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM keys_datakey")
            cursor.fetchone()
            reading.set()
            done.wait(_PATIENCE_SECONDS)
            cursor.execute("ROLLBACK")
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert reading.wait(_PATIENCE_SECONDS)
        yield
    finally:
        done.set()
        reader.join()
