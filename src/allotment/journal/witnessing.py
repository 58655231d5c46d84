"""Witnessing: somebody else remembers the last checkpoint, and refuses a journal that does not continue it.

The state is a small file on another machine, so that whoever rules the journal's machine cannot rewrite what was seen.
That machine has no installation of its own: nothing here reads a database or settings.
Invariant: the state only moves forward, along proofs; after a crash it is the old one or the new one.
Refuses: a fork, a shorter journal, another journal, a key that no trusted key handed over to.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec

from allotment.journal.tree.checkpoints import SignedCheckpoint
from allotment.journal.tree.keyrings import Handover, KeyRing
from allotment.journal.tree.notes import UNKNOWN_KEY, Verifier
from allotment.journal.tree.proofs import verify_consistency
from allotment.kernel.errors import Conflict, Invalid, Unavailable
from allotment.kernel.files import replace_file


class Seen(msgspec.Struct, frozen=True):
    """What a witness keeps: the last checkpoint, and the keys that may sign the next."""

    checkpoint: str
    keys: tuple[str, ...]

    def opened(self) -> SignedCheckpoint:
        """Return the checkpoint."""
        return KeyRing(map(Verifier.parse, self.keys)).open(self.checkpoint)


class News(msgspec.Struct, frozen=True):
    """What a journal tells a witness: its newest checkpoint, and that it continues an older one."""

    checkpoint: str
    since: int
    consistency: tuple[str, ...]
    """Hashes in base64."""
    rotations: tuple[Handover, ...] = ()
    """Changes of the key among the entries from `since` on."""


def begin(told: News, keys: Sequence[str]) -> Seen:
    """Return the first state, which trusts `keys`; raises `Invalid` if none of them leads to the checkpoint.

    Any key that was in force will do, the newest as well as the first: what none of them signed is from before them.
    """
    ring = KeyRing(map(Verifier.parse, keys))
    for one in told.rotations:
        try:
            ring.follow(one)
        except Invalid as error:
            if error.code != UNKNOWN_KEY:
                raise
    opened = ring.open(told.checkpoint)
    return Seen(told.checkpoint, _in_force(ring, opened))


def accept(seen: Seen, told: News) -> Seen:
    """Return the next state; raises `Conflict` if the journal did not continue, `Invalid` for a key nobody trusts."""
    before = seen.opened()
    ring = KeyRing(before.signed_by)
    for one in told.rotations:
        ring.follow(one)
    opened = ring.open(told.checkpoint)
    old, new = before.checkpoint, opened.checkpoint
    if new.size < old.size:
        raise older(before, opened) if opened.at < before.at else shorter(old.size, new.size)
    if old.size not in {told.since, new.size}:
        raise Invalid(
            f"This tells how the journal grew from {told.since} entries, but {old.size} were seen.",
            hint=f"Ask for what happened since {old.size} entries.",
            where="since",
            code="wrong-start",
        )
    hashes = [] if new.size == old.size else _hashes(told.consistency)
    if not verify_consistency(old.size, new.size, old.root, new.root, hashes):
        raise Conflict(
            f"This is a fork: the journal of {new.size} entries does not begin with the {old.size} seen before.",
            hint="Entries that were signed have been changed, removed or moved. Keep both checkpoints as evidence.",
            code="fork",
        )
    if opened.at < before.at:
        raise Conflict(
            f"The checkpoint says {opened.at}, which is before the one seen last, {before.at}.",
            hint="The clock of the journal's machine went back, or an older checkpoint was sent.",
            code="time-went-back",
        )
    return Seen(told.checkpoint, _in_force(ring, opened))


def read_news(text: str | bytes) -> News:
    """Read what a journal tells, as JSON; raises `Invalid`."""
    try:
        return msgspec.json.decode(text, type=News)
    except msgspec.DecodeError as error:
        raise Invalid(
            f"This is not what a journal tells a witness: {error}.",
            hint="Take the output of the journal's checkpoint command, whole.",
            where="news",
        ) from error


def write_news(told: News) -> str:
    """Return what a journal tells, as JSON."""
    return msgspec.json.encode(told).decode()


def read_state(path: Path) -> Seen | None:
    """Return the state in the file, None if there is none yet; raises `Invalid` if it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Seen)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Invalid(
            f"The witness's file {path} is damaged: {error}.",
            hint="Restore it from a copy. Without it, nobody remembers what was seen.",
            where="state",
        ) from error


def write_state(path: Path, seen: Seen) -> None:
    """Write the state whole or not at all, and to the disk; raises `Unavailable`."""
    try:
        replace_file(path, msgspec.json.encode(seen) + b"\n")
    except OSError as error:
        raise Unavailable(
            f"The witness's file {path} cannot be written: {error.strerror}.",
            hint="Make room, or choose a folder you may write to.",
        ) from error


def _in_force(ring: KeyRing, opened: SignedCheckpoint) -> tuple[str, ...]:
    return tuple(one.text for one in opened.signed_by if one not in ring.replaced)


def _hashes(lines: Sequence[str]) -> list[bytes]:
    hashes = []
    for one in lines:
        try:
            hashes.append(b64decode(one, validate=True))
        except ValueError:
            hashes.append(b"")
    if any(b64encode(value).decode() != line for value, line in zip(hashes, lines, strict=True)):
        raise Invalid(
            "A hash of the proof is not in base64.",
            hint="Take the output of the journal's checkpoint command, whole.",
            where="consistency",
        )
    return hashes


def older(before: SignedCheckpoint, told: SignedCheckpoint) -> Conflict:
    """Return why news is refused that was signed before what was seen."""
    return Conflict(
        "This news is older than what was seen, or the journal is shorter than before: "
        f"{told.checkpoint.size} entries, signed {told.at:%Y-%m-%d %H:%M:%S} UTC; "
        f"seen were {before.checkpoint.size}, signed {before.at:%Y-%m-%d %H:%M:%S} UTC.",
        hint="Ask for the newest. If that is as old, entries were cut off: keep the checkpoint as evidence.",
        code="older-news",
    )


def shorter(seen: int, now: int) -> Conflict:
    """Return why a journal of fewer entries is refused."""
    return Conflict(
        f"The journal is shorter than before: {seen} entries were seen, now it has {now}.",
        hint="Entries were cut off, or an old backup was restored. Keep the checkpoint as evidence.",
        code="shorter",
    )
