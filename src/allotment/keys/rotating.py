"""Changing the master key: every data key is wrapped anew, and what was sealed stays as it is.

Invariant: at no moment is anything unreadable, in this process or another; a rotation that was broken off is finished
by the next one. The former master key remains, wrapped under the new one, for what it sealed itself.
Refuses: two rotations at once.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from allotment.kernel import clock
from allotment.kernel.crypto import Wrapped
from allotment.kernel.errors import Conflict
from allotment.kernel.settings import settings
from allotment.keys import masters
from allotment.keys.keeping import former_master_id, make_general, stored_keys
from allotment.keys.masters import Masters
from allotment.keys.models import DataKeyRow, Kind

_BATCH = 100


@dataclass(frozen=True)
class Rotated:
    """What a rotation did."""

    master: str
    """The name of the master key in use now."""
    former: tuple[str, ...]
    data_keys: int
    """How many were wrapped anew."""
    was_begun_before: bool
    """Whether it finished a rotation that had been broken off."""


Record = Callable[[Rotated], object]


def rotate(record: Record) -> Rotated:
    """Put a new master key in use and wrap every data key under it; `record` is called in the last transaction.

    Raises `Conflict` when another rotation is under way or when the new key has to be given first.
    """
    with _alone():
        was_begun = masters.is_in_file() and masters.key_file().is_changing()
        if not was_begun:
            put_new_master_in_use()
        known = masters.reread()
        keep_former_masters(known)
        count = wrap_anew(known)
        rotated = Rotated(
            known.current.newest(), tuple(key.name for key in known.others), count, was_begun_before=was_begun
        )
        finish(rotated, record)
        return rotated


def put_new_master_in_use() -> None:
    """Make a new master key where it lives; the old one stays at hand."""
    known = masters.reread()
    if known.vault is not None:
        known.vault.rotate()
    elif settings().master_key:
        _require_two_keys(known)
    else:
        file = masters.key_file()
        file.make_next()
        file.use_next()


def keep_former_masters(known: Masters) -> None:
    """Store every other local master key wrapped under the one in use."""
    for key in known.others:
        row_id = former_master_id(key.short_id)
        wrapped = key.wrapped_under(known.current, key_id=row_id.bytes)
        DataKeyRow.objects.get_or_create(
            id=row_id,
            defaults={"kind": Kind.FORMER_MASTER, "wrapped": wrapped.content, "master": wrapped.master},
        )


def wrap_anew(known: Masters) -> int:
    """Wrap under the newest master key whatever is not, a few at a time; returns how many."""
    newest, count = known.current.newest(), 0
    left = DataKeyRow.objects.filter(destroyed_at=None).exclude(master=newest).order_by("id")
    while rows := list(left[:_BATCH]):
        renewed = [(row, _renewed(row, known)) for row in rows]
        with transaction.atomic():
            for row, wrapped in renewed:
                # Not by id alone: a key destroyed meanwhile must not come back.
                same = DataKeyRow.objects.filter(id=row.id, master=row.master, destroyed_at=None)
                count += same.update(wrapped=wrapped.content, master=wrapped.master)
    return count


def finish(rotated: Rotated, record: Record) -> None:
    """Begin a new general data key and record the rotation, once; then let the former master key's file go."""
    rows = DataKeyRow.objects.filter(id__in=[former_master_id(bytes.fromhex(one)) for one in rotated.former])
    with transaction.atomic():
        is_recorded = rotated.was_begun_before and not rows.filter(retired_at=None).exists()
        if not is_recorded:
            rows.filter(retired_at=None).update(retired_at=clock.now())
            DataKeyRow.objects.filter(kind=Kind.GENERAL, retired_at=None).update(retired_at=clock.now())
            make_general()
            record(rotated)
    stored_keys.forget_all()
    if masters.is_in_file():
        masters.key_file().drop_previous()
    masters.reread()


def _renewed(row: DataKeyRow, known: Masters) -> Wrapped:
    wrapped = Wrapped(row.master, bytes(row.wrapped))
    if known.current.can_unwrap(row.master):
        return known.current.renew(wrapped, key_id=row.id.bytes)
    return known.current.wrap(masters.unwrap(row), key_id=row.id.bytes)


def _require_two_keys(known: Masters) -> None:
    old = DataKeyRow.objects.filter(destroyed_at=None).exclude(master=known.current.newest())
    unfinished = DataKeyRow.objects.filter(kind=Kind.FORMER_MASTER, retired_at=None)
    if not (old | unfinished).exists():
        raise Conflict(
            "Everything is wrapped under the key in ALLOTMENT_MASTER_KEY already.",
            hint="Make a new key (openssl rand -hex 32). With several servers, first put it into"
            " ALLOTMENT_MASTER_KEY_PREVIOUS of each and restart them, one by one: then all can read what any of them"
            " writes. Put it into ALLOTMENT_MASTER_KEY and the one of today into ALLOTMENT_MASTER_KEY_PREVIOUS, restart"
            " every process, then run this again.",
        )


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second rotation on this machine away."""
    with (settings().home / "rotation.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                "The master key is being rotated already.", hint="Wait until that has finished."
            ) from error
        yield
