"""Somebody who reads the database for long, and is in the way of whoever wants to wipe it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

_PATIENCE_SECONDS = 60


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
