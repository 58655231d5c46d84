"""Where sheets lie in the clear while they are read: private folders in the installation's home, removed after use."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from allotment.kernel.settings import ensure_home, settings


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder that only this installation can read, and remove it with all that is in it."""
    place = settings().home / "sheets"
    ensure_home(place)
    with tempfile.TemporaryDirectory(prefix="open-", dir=place) as folder:
        yield Path(folder)
