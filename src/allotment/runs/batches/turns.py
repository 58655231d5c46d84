"""Taking turns at a model: all batches of a process together have so many questions open to it, in turn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class Turns:
    """Used on one event loop only."""

    def __init__(self) -> None:
        self._models: dict[str, anyio.CapacityLimiter] = {}

    @asynccontextmanager
    async def turn(self, model: str, at_once: int) -> AsyncIterator[None]:
        """Wait for a turn at this model and hold it within the block; `at_once` is how many there are now."""
        limiter = self._models.get(model)
        if limiter is None:
            limiter = self._models[model] = anyio.CapacityLimiter(at_once)
        elif limiter.total_tokens != at_once:
            limiter.total_tokens = at_once
        async with limiter:
            yield
