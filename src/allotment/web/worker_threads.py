"""Database work in threads that are not a page's: whoever borrows a connection there gives it back.

Invariant: after the block, a thread holds no connection to a server. SQLite's is a file handle and stays open,
because opening it anew would cost more than the work; Django closes a page's own connections itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


@contextmanager
def database_work() -> Iterator[None]:
    """Do some database work in a worker thread."""
    try:
        yield
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.vendor == "sqlite":
                connection.close_if_unusable_or_obsolete()
            else:
                connection.close()
