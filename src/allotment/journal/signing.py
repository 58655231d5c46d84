"""The keys that sign the journal: made once, kept outside the database, handed over in the tree itself.

The key file holds one private key, and during a change a second line with the key that follows. The public keys are
in `journal.vkeys`, oldest first: the first is what auditors and witnesses are given.

Invariant: a key takes over only by an entry in the tree that the key before it signed.
Refuses: making a new key where an old one has signed already, and a second change before the first is signed.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext

from allotment.engine.recording import Entry
from allotment.journal.handing_over import handover
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.newest import signed_size
from allotment.journal.recording import record
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer, Verifier
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid, Misconfigured
from allotment.kernel.files import READABLE, keep_once, replace_file
from allotment.kernel.settings import settings

OPEN_KEY = "journal-key-open"
_ORIGIN = "allotment/journal/"


@dataclass(frozen=True)
class Keys:
    """The key in force, and the one that follows, if a change is under way."""

    current: Signer
    following: Signer | None = None

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """The public keys."""
        return tuple(one.verifier for one in (self.current, self.following) if one is not None)


def key_file() -> Path:
    """Return where the private key is."""
    return settings().journal_key_file


def checkpoint_file() -> Path:
    """Return where the newest checkpoint is kept outside the database."""
    return settings().home / "journal.checkpoint"


def read_outside() -> str | None:
    """Return the checkpoint kept outside the database; None if there is none."""
    try:
        return checkpoint_file().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def keep_outside(note: str) -> None:
    """Keep a checkpoint outside the database."""
    if note != read_outside():
        replace_file(checkpoint_file(), note.encode(), mode=READABLE)


def published() -> tuple[str, ...]:
    """Return the public keys in `journal.vkeys`, oldest first."""
    path = settings().home / "journal.vkeys"
    return tuple(path.read_text(encoding="utf-8").split()) if path.exists() else ()


def published_keys() -> tuple[Verifier, ...]:
    """Return the same keys, without what is none."""
    found: list[Verifier] = []
    for one in published():
        with suppress(Invalid):
            found.append(Verifier.parse(one))
    return tuple(found)


def known_keys() -> tuple[Verifier, ...]:
    """Return the public keys that lie outside the database, oldest first: published, and those of the key file.

    Makes no key, and passes over a key file that cannot be used.
    """
    in_file: tuple[Verifier, ...] = ()
    if key_file().exists():
        with suppress(Misconfigured):
            in_file = read_keys().verifiers
    return tuple(dict.fromkeys((*published_keys(), *in_file)))


def read_keys() -> Keys:
    """Return the keys of this journal, made now if nothing was ever signed. Raises `Misconfigured`."""
    path = settings().journal_key_file
    if not path.exists():
        if JournalCheckpoint.objects.exists() or read_outside() is not None:
            raise Misconfigured(
                gettext("The key that signs the journal is missing: %(path)s.") % {"path": path},
                hint=gettext("Put the file back from your backup of keys, or begin again with a new one."),
            )
        keep_once(path, _file_text([Signer.generate(_new_origin())]).encode())
    _require_private(path)
    try:
        lines = path.read_text(encoding="utf-8").split()
        signers = [Signer.parse(line) for line in lines]
        keys = Keys(*signers)
    except (OSError, ValueError, TypeError, Invalid) as error:
        raise Misconfigured(
            gettext("The key that signs the journal, %(path)s, cannot be used: %(why)s")
            % {"path": path, "why": error},
            hint=gettext(
                "It holds one line that begins with PRIVATE+KEY+; put it back from your backup of keys."
            ),
        ) from error
    return keys


def publish(*keys: Verifier) -> None:
    """Add public keys to `journal.vkeys`, if one is not there. Given oldest first, with those that are there."""
    known = published()
    texts = [one.text for one in keys]
    if not set(texts) <= set(known):
        ordered = dict.fromkeys((*texts, *known))
        text = "".join(f"{one}\n" for one in ordered)
        replace_file(settings().home / "journal.vkeys", text.encode(), mode=READABLE)


def place_of(key: Verifier) -> int | None:
    """Return the number of the first entry that hands over to `key`; None while there is none in the tree."""
    tickets = _naming(key)
    places = JournalLeaf.objects.filter(entry__in=tickets).order_by("number")
    first: int | None = places.values_list("number", flat=True).first() if tickets else None
    return first


def in_force(keys: Keys, signed: int) -> Keys:
    """Return the keys in force after `signed` entries are signed: a key that handed over in them is not among them."""
    if keys.following is None:
        return keys
    place = place_of(keys.following.verifier)
    return keys if place is None or place >= signed else Keys(keys.following)


def settle(keys: Keys, signed: int) -> Keys:
    """Return the keys in force after `signed` entries are signed; a key that handed over leaves the file."""
    left = in_force(keys, signed)
    if left is not keys:
        publish(*published_keys(), left.current.verifier)
        with suppress(OSError):  # somebody mounted it, and takes the first line out in time
            replace_file(settings().journal_key_file, _file_text([left.current]).encode())
    return left


def rotate(by: UUID | None) -> int:
    """Let a new key follow the one in force; returns the entry's ticket.

    The next checkpoint is signed by both. If the key file is mounted for reading only, put the new key in its
    second line first. Raises `Conflict` while another change waits for its signature.
    """
    keys = read_keys()
    keys = in_force(
        keys, signed_size(keys.verifiers)
    )  # the file may still hold the key before, where it is mounted
    return hand_over(keys, Signer.generate(keys.current.verifier.name), by)


def hand_over(
    keys: Keys | None, to: Signer, by: UUID | None, details: Mapping[str, str | int] = MappingProxyType({})
) -> int:
    """Write the key `to` into the key file and the entry that hands over to it; `keys` is None if they are lost."""
    if keys is not None and keys.following is not None:
        if _is_recorded(keys.following.verifier):
            raise Conflict(
                gettext("The key of the journal is being changed already."),
                hint=gettext("Wait until the next checkpoint is signed."),
            )
        to = keys.following  # put there by somebody, or left by a change that was cut off
    known = [keys.current] if keys is not None else []
    if keys is None or keys.following is None:
        _write_keys([*known, to])
    return record(
        Entry(
            at=clock.now(),
            action=ROTATE,
            outcome="done",
            actor=by,
            object_kind="journal",
            object_id=to.verifier.name,
            details={**details, "vkey": to.verifier.text},
            flagged=True,
        )
    )


def new_signer() -> Signer:
    """Return a key for a journal that begins again."""
    return Signer.generate(_new_origin())


def _require_private(path: Path) -> None:
    """Refuse a key that others can read: whoever can read it can sign.

    A file that belongs to somebody else was mounted, and its group is how this process may read it.
    """
    try:
        found = path.stat()
    except OSError:
        return  # reading it says why
    if found.st_mode & (0o077 if found.st_uid == os.geteuid() else 0o007):
        raise Misconfigured(
            gettext("Others can read or change the key that signs the journal: %(path)s.") % {"path": path},
            hint=gettext(
                "Run: chmod 600 %(path)s. If others may have read it, change the key then: allotment journal rotate-key"
            )
            % {"path": path},
            code=OPEN_KEY,
        )


def keep_aside() -> None:
    """Keep a copy of the key file, before it is written over though it may hold the only copy of a key."""
    path = settings().journal_key_file
    if not path.exists():
        return
    aside = path.with_name(f"{path.name}.{clock.now():%Y%m%dT%H%M%S.%fZ}")
    try:
        keep_once(aside, path.read_bytes())
    except OSError as error:
        raise Misconfigured(
            gettext("The key file %(path)s cannot be kept as %(aside)s: %(why)s")
            % {"path": path, "aside": aside.name, "why": error.strerror},
            hint=gettext("Take it away yourself, and keep it; then do this again."),
        ) from error


def _write_keys(signers: list[Signer]) -> None:
    path = settings().journal_key_file
    try:
        replace_file(path, _file_text(signers).encode())
    except OSError as error:
        raise Misconfigured(
            gettext("The key file %(path)s cannot be written: %(why)s")
            % {"path": path, "why": error.strerror},
            hint=gettext(
                "Put the key in force into its first line and the new key into a second line yourself, then do this "
                "again. A key that was replaced must not stand there any more."
            ),
        ) from error


def _is_recorded(key: Verifier) -> bool:
    return bool(_naming(key))


def _naming(key: Verifier) -> list[int]:
    """Return the tickets of the entries that hand over to `key`."""
    rows = JournalEntry.objects.filter(action=ROTATE).values_list("ticket", "body")
    return [ticket for ticket, body in rows if _hands_over(body, key)]


def _hands_over(body: str, key: Verifier) -> bool:
    try:
        return handover(body) == key
    except Invalid:
        return False


def _file_text(signers: list[Signer]) -> str:
    return "".join(f"{one.private_text()}\n" for one in signers)


def _new_origin() -> str:
    return _ORIGIN + secrets.token_hex(8)
