"""What an installation has on its disk, read beside the server without disturbing it."""

import sqlite3
from contextlib import closing
from typing import Any

from tests.serving import Server


def rows(server: Server, query: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a query, read only."""
    address = f"file:{server.home / 'allotment.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]


def outcomes(server: Server, run: str, action: str) -> list[str]:
    """Return how an action ended in a run, as the journal has it, in order."""
    found = rows(
        server, "SELECT outcome FROM journal_entry WHERE run = ? AND action = ? ORDER BY ticket", run, action
    )
    return [row["outcome"] for row in found]
