"""Destroying a person's key: whatever was sealed under it is unreadable from then on, here and in every replica.

Invariant: a destroyed key stays destroyed. Its row remains, empty, so that nobody makes the person another.
"""

from uuid import UUID

from django.db import DatabaseError, IntegrityError, connections, transaction

from allotment.kernel import clock
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow, Kind


def destroy(subject: UUID) -> bool:
    """Destroy this person's key in the caller's transaction. Returns False when it was destroyed before.

    Somebody who never had a key is remembered all the same. Once committed, its bytes are wiped from the files.
    """
    with transaction.atomic():
        is_first = _destroy(subject)
        stored_keys.forget(subject)
        transaction.on_commit(lambda: _after(subject))
    return is_first


def wipe() -> bool:
    """Remove from the database's own files what was overwritten there. Returns False when others were in the way.

    SQLite zeroes freed space (`secure_delete`), but its write-ahead log keeps earlier pages until it is cut.
    PostgreSQL keeps earlier rows until the table is written anew; its own log ends them when it is recycled.
    """
    connection = connections["default"]
    if connection.in_atomic_block:
        return False
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (is_busy, _, _) = cursor.fetchone()
                return not is_busy
            cursor.execute("SET lock_timeout = '5s'")
            try:
                cursor.execute("VACUUM FULL keys_datakey")
            finally:
                cursor.execute("RESET lock_timeout")
    except DatabaseError:
        return False
    return True


def _after(subject: UUID) -> None:
    stored_keys.forget(subject)  # once more: somebody may have read the row before it was committed
    wipe()


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
