"""How often Python looks for cycles that nobody uses. What makes much and no cycles loses time by it.

By default it looks after each 700 new objects, and through all there are when those have grown by a quarter: a third of
the time of verifying a journal, a tenth of that of a call. Cycles are still found, only later.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (50_000, 20, 50)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for unused cycles seldom within the block, in the whole process. Also a decorator."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
