"""A master key in a file, readable by its owner alone, and the three moves in which it is changed for another.

During a change up to three files stand side by side: `master.key`, `master.key.next` (made, not yet in use) and
`master.key.previous` (no longer in use, kept until nothing needs it). Each move is atomic, so a change that was
broken off anywhere is finished by making the moves again.
Invariant: a key that may protect something is never overwritten.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from allotment.adapters.master_keys.written import key_in
from allotment.kernel.crypto import LocalMasterKey
from allotment.kernel.errors import Misconfigured
from allotment.kernel.files import keep_once, sync_folder

_KEY_BYTES = 32


class KeyFile:
    """The file of the master key, and its neighbours during a change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next = path.with_name(path.name + ".next")
        self.previous = path.with_name(path.name + ".previous")

    def read(self) -> LocalMasterKey | None:
        """Return the key in use; None when there is no file."""
        return _read(self.path)

    def read_previous(self) -> LocalMasterKey | None:
        """Return the key that is being replaced; None when nothing is."""
        return _read(self.previous)

    def make(self) -> LocalMasterKey:
        """Make the file unless it is there, and return its key."""
        _write(self.path)
        made = self.read()
        if made is None:
            raise Misconfigured(f"The master key could not be kept in {self.path}.", code="master-key")
        return made

    def made_at(self) -> datetime | None:
        """Return when the key in use was made; None when there is no file."""
        try:
            return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def is_private(self) -> bool:
        """Whether nobody but the owner can read the file."""
        return not self.path.stat().st_mode & 0o077

    def is_changing(self) -> bool:
        """Whether the new key is in use and the old one still kept."""
        return self.previous.exists() and not self.next.exists()

    def make_next(self) -> None:
        """First move: make the new key, beside the one in use."""
        _write(self.next)

    def use_next(self) -> None:
        """Second move: keep the old key as the previous one, and put the new one in its place."""
        keep_once(self.previous, self.path.read_bytes())
        self.next.replace(self.path)
        sync_folder(self.path.parent)

    def drop_previous(self) -> None:
        """Last move: remove the old key. Call it once nothing is wrapped under it."""
        with suppress(FileNotFoundError):
            self.previous.unlink()
        sync_folder(self.path.parent)


def _read(path: Path) -> LocalMasterKey | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misconfigured(
            f"The master key in {path} cannot be read: {error.strerror}.",
            hint="Let the user that runs Allotment read this file, and nobody else.",
            code="master-key",
        ) from error
    return key_in(content, str(path))


def _write(path: Path) -> None:
    if path.exists():
        return
    try:
        keep_once(path, os.urandom(_KEY_BYTES))
    except OSError as error:
        raise Misconfigured(
            f"A master key cannot be written to {path}: {error.strerror}.",
            hint="Let Allotment write to that folder, or make the key yourself and give it in"
            " ALLOTMENT_MASTER_KEY, with the old one in ALLOTMENT_MASTER_KEY_PREVIOUS.",
            code="master-key",
        ) from error
