"""Keeps the home of a server that does not lead up to date: what was signed elsewhere is kept in its files, too.

Else a server with a home of its own would know only what it signed itself, and would not see that the rest was cut.
Invariant: a checkpoint is kept only if it goes on from the one that was kept before. Files of a home that the process
that leads writes itself are left to it. Refuses: nothing; what does not fit is told by `examining.py`.
"""

from allotment.journal import signing
from allotment.journal.anchoring import proved_keys
from allotment.journal.examining import is_given_up, ours, require_same
from allotment.journal.newest import Newest, newest_checkpoint, tree_size
from allotment.journal.tree.checkpoints import Checkpoint, read_checkpoint
from allotment.journal.tree.notes import Verifier
from allotment.kernel import clock

LOOK_SECONDS = 5.0
"""Between two looks. The process that leads writes its own file at once, so a file that stays behind is not its."""


class Follower:
    """For the thread of a process that does not lead."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._is_behind = False
        self._left_at: str | None = None
        """What the file held when it was behind."""

    def look(self) -> None:
        """Keep what was signed elsewhere, if the file here has stayed behind it since the last look."""
        if clock.monotonic() < self._next_look:
            return
        self._next_look = clock.monotonic() + LOOK_SECONDS
        outside = signing.read_outside()
        has_stayed = self._is_behind and outside == self._left_at
        keys = signing.read_keys() if signing.key_file().exists() else None
        known = proved_keys(signing.published_keys())
        in_file = keys.verifiers if keys is not None else ()
        size = tree_size()
        newest = newest_checkpoint(ours(tuple(dict.fromkeys((*known, *in_file)))), size)
        kept = None if outside is None else read_checkpoint(outside)
        self._is_behind = newest is not None and _is_behind(kept, newest.opened.checkpoint)
        self._left_at = outside
        if newest is None or not self._is_behind or not has_stayed:
            return
        if kept is not None and (keys is None or not is_given_up(kept, keys)):
            require_same(kept, size)
            if kept.origin != newest.opened.checkpoint.origin:
                return  # it has begun again, and the new key is not here yet to say so
        require_same(newest.opened.checkpoint, size)
        _keep(newest, known, in_file)
        self._left_at = newest.opened.note


def _is_behind(kept: Checkpoint | None, newest: Checkpoint) -> bool:
    return kept is None or kept.origin != newest.origin or kept.size < newest.size


def _keep(newest: Newest, known: tuple[Verifier, ...], in_file: tuple[Verifier, ...]) -> None:
    """Keep a checkpoint, and the keys that led to it."""
    signers = [one for one in in_file if one in newest.opened.signed_by]
    signing.publish(*dict.fromkeys((*known, *signers)))
    signing.keep_outside(newest.opened.note)
