"""Evidence packs: entries, their proofs, the checkpoint, the public keys and the verifier in one zip file.

Whoever gets one needs Python and `cryptography`, nothing of ours and no network. `verify_journal.py` describes the
files. Invariant: a pack is written from one checkpoint, so that everything in it is proved against the same root.
"""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec
from django.utils.translation import gettext

from allotment.journal import proving
from allotment.journal.exporting import Format, lines
from allotment.journal.models import JournalCheckpoint
from allotment.journal.verifying import Outside
from allotment.kernel.errors import Invalid, TooLarge
from allotment.kernel.settings import settings

MOST_PROVED = 5000
"""Entries in one pack with a proof each; a full export needs none and has no bound."""

MOST_CHECKPOINTS = 5000
"""In a full export, evenly chosen: there every entry also tells how young the next must be."""
_CHUNK = 500
_VERIFIER = Path(__file__).parent / "verify_journal.py"
_README = """This is evidence from a journal of Allotment.

    pip install cryptography
    python verify_journal.py THIS-FILE.zip --key 'PUBLIC KEY OF THE JOURNAL'

Take the public key from somebody you trust, not from keys.txt in this file: whoever makes up a pack makes up its
keys. verify_journal.py says at its top what the other files are. It is short: read it before you run it, or take
it from a copy of Allotment that you trust.
"""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Pack:
    """What a pack holds."""

    entries: int
    size: int
    """Of the tree under its checkpoint."""


class _Entry(msgspec.Struct):
    number: int
    body: str


def write_pack(tickets: Sequence[int], into: IO[bytes], *, witnessed: int = 0) -> Pack:
    """Write a pack with these entries, each once and with its proof.

    `witnessed` is how many entries a witness saw: then the pack shows that it continues them, too. Raises `Invalid`
    for no entries, `TooLarge` for too many, `NotFound` for a size that was never signed, and `Unavailable` while an
    entry is not signed yet.
    """
    tickets = list(dict.fromkeys(tickets))
    if not tickets:
        raise Invalid(
            gettext("There is nothing to prove: no entry was chosen."),
            hint=gettext("Choose a filter that some entry fits."),
            where="entries",
        )
    if len(tickets) > MOST_PROVED:
        raise TooLarge(
            gettext("These are more than %(most)s entries.") % {"most": MOST_PROVED},
            hint=gettext("Choose fewer, or export the whole journal, which needs no proof for each."),
        )
    proofs = sorted(proving.prove_all(tickets), key=lambda one: one.number)
    numbers = [one.number for one in proofs]
    earlier = list(proving.earlier(numbers, proofs[0].size, [witnessed, *covering(numbers, proofs[0].size)]))
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as pack:
        _write_frame(pack, proofs[0].checkpoint, proofs[0].size)
        pack.writestr("entries.jsonl", _joined(_encode(_Entry(one.number, one.body)) for one in proofs))
        pack.writestr("checkpoints.jsonl", _joined(map(_encode, earlier)))
        for one in proofs:
            pack.writestr(f"proofs/{one.number}.tlog-proof", one.text)
    return Pack(len(proofs), proofs[0].size)


def write_everything(into: IO[bytes]) -> Pack:
    """Write the whole journal up to its newest checkpoint; memory does not grow with it."""
    newest = proving.growth(0)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as pack:
        _write_frame(pack, newest.checkpoint, newest.new)
        with pack.open("entries.jsonl", "w", force_zip64=True) as entries:
            for line in lines(Format.JSON, end=newest.new):
                entries.write(line)
        pack.writestr("checkpoints.jsonl", _joined(_thinned(newest.new)))
    return Pack(newest.new, newest.new)


def _write_frame(pack: zipfile.ZipFile, checkpoint: str, size: int) -> None:
    """Write what every pack has."""
    pack.writestr("README.txt", _README)
    pack.writestr("verify_journal.py", _VERIFIER.read_bytes())
    pack.writestr("checkpoint.txt", checkpoint)
    pack.writestr("keys.txt", public_keys())
    rotations = proving.handovers(until=size)
    if rotations:
        pack.writestr("rotations.jsonl", _joined(_encode(one) for one in rotations))


def _thinned(size: int) -> Iterator[bytes]:
    """Yield earlier checkpoints, evenly; in a full export they need no proof of consistency."""
    before = JournalCheckpoint.objects.filter(size__lt=size).order_by("size")
    step = before.count() // MOST_CHECKPOINTS + 1
    notes = before.values_list("note", flat=True).iterator(_CHUNK)
    yield from (_encode(proving.Earlier(note, [])) for note in islice(notes, 0, None, step))


def covering(numbers: Iterable[int], size: int) -> Iterator[int]:
    """Yield the sizes of the checkpoints below `size` that covered these entries first: they tell when that was."""
    for number in numbers:
        after = JournalCheckpoint.objects.filter(size__gt=number, size__lt=size).order_by("size")
        yield from after.values_list("size", flat=True)[:1]


def public_keys() -> str:
    """Return the journal's public keys (C2SP vkeys), one a line, oldest first."""
    return Outside.read(settings().home).vkeys or ""


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(part + b"\n" for part in parts)
