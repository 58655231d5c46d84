"""Destroying a person's key: whatever was sealed under it is unreadable from then on, here and in every replica.

Invariant: a destroyed key stays destroyed. Its row remains, empty, so that nobody makes the person another.
"""

from uuid import UUID

from django.db import IntegrityError, transaction

from allotment.kernel import clock
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow, Kind
from allotment.keys.wiping import KEYS, owe, wipe


def destroy(subject: UUID) -> bool:
    """Destroy this person's key in the caller's transaction. Returns False when it was destroyed before.

    Somebody who never had a key is remembered all the same. Once committed, its bytes are wiped from the files, later
    if somebody is in the way now.
    """
    with transaction.atomic():
        is_first = _destroy(subject)
        stored_keys.forget(subject)
        transaction.on_commit(lambda: _after(subject))
    return is_first


def _after(subject: UUID) -> None:
    stored_keys.forget(subject)  # once more: somebody may have read the row before it was committed
    owe(KEYS)  # first: this process may end before it has wiped
    wipe(KEYS)


def _destroy(subject: UUID) -> bool:
    now = clock.now()
    try:
        with transaction.atomic():
            _, is_new = DataKeyRow.objects.get_or_create(
                kind=Kind.PERSON,
                subject=subject,
                defaults={"wrapped": b"", "master": "", "made_at": now, "destroyed_at": now},
            )
    except IntegrityError:  # made at the same moment; it is there now
        is_new = False
    alive = DataKeyRow.objects.filter(kind=Kind.PERSON, subject=subject, destroyed_at=None)
    return is_new or bool(alive.update(wrapped=b"", master="", destroyed_at=now))
