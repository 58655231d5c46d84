"""Folders in which data lies in the clear while it is worked on: in the installation's home, private, removed after.

Invariant: a folder goes with its context. What a killed process left behind goes when the next one starts, unless it
is so young that another process may still be at it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from allotment.kernel import clock
from allotment.kernel.settings import ensure_home, settings

_PLACE = "open"
_LEFT_BEHIND_AFTER_SECONDS = 3600


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder that only this installation can read, and remove it with all that is in it."""
    place = settings().home / _PLACE
    ensure_home(place)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


def remove_left_behind() -> int:
    """Remove what killed processes left behind; returns how many folders."""
    place = settings().home / _PLACE
    limit = clock.now().timestamp() - _LEFT_BEHIND_AFTER_SECONDS
    old = [folder for folder in place.glob("*") if folder.stat().st_mtime < limit]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
