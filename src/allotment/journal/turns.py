"""How the threads of one process that write to the journal stay out of each other's way.

SQLite lets one connection write at a time and makes the others ask again after a pause, which may be long.
Within a process they take turns by a lock instead, and wait no longer than they must.
Invariant: whatever this lock does, the database alone decides what is written.
"""

import threading
from collections.abc import Callable

_turn = threading.Lock()
_nudged: list[Callable[[], None]] = []


def writing() -> threading.Lock:
    """Return the lock to hold during a transaction that writes to the journal."""
    return _turn


def nudge() -> None:
    """Say that there are new entries."""
    for wake in _nudged:
        wake()


def nudge_also(wake: Callable[[], None]) -> None:
    """Let `wake` know of new entries; it must return at once."""
    _nudged.append(wake)


def nudge_no_more(wake: Callable[[], None]) -> None:
    """Take `wake` back."""
    _nudged.remove(wake)
