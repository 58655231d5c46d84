"""Files that must never be found half written: keys, checkpoints, what a witness saw.

Invariant: whoever reads such a file, also after a crash, finds all of what was written last or all of what stood there
before. What returns is on the disk.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
READABLE = 0o644


def keep_once(path: Path, content: bytes) -> None:
    """Write a private file that must never be replaced; whoever comes first wins."""
    with _written(path, content, PRIVATE) as fresh, suppress(FileExistsError):
        os.link(fresh, path)
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file in the place of the one that is there."""
    with _written(path, content, mode) as fresh:
        fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was named, renamed and removed in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _written(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Give a file with this content in the folder of `path`; it is gone afterwards unless it was renamed."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
