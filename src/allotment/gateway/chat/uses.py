"""Noting that keys are used: in memory at each call, in the database once an hour for each key."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error

from allotment.web.worker_threads import database_work

Remember = Callable[[Mapping[UUID, datetime]], None]

_COARSE = timedelta(hours=1)


class Uses:
    """When each key was last told about."""

    def __init__(self, remember: Remember) -> None:
        self._remember = remember
        self._told: dict[UUID, datetime] = {}
        self._under_way: set[asyncio.Future[None]] = set()

    def note(self, key: UUID, now: datetime) -> None:
        """Note a use; the first of an hour is written by a thread, and nobody waits for it."""
        told = self._told.get(key)
        if told is not None and now - told < _COARSE:
            return
        self._told[key] = now
        writing = asyncio.get_running_loop().run_in_executor(None, self._write, key, now)
        self._under_way.add(writing)
        writing.add_done_callback(self._under_way.discard)

    def _write(self, key: UUID, at: datetime) -> None:
        with database_work():
            try:
                self._remember({key: at})
            except Error:  # a database that is busy or down: the next use tries again
                self._told.pop(key, None)
