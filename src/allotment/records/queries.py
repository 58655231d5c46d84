"""Reads of records for their pages and files. Values out, never rows.

A search opens every record of the collection, because they are sealed; `saving.MOST_RECORDS` keeps that short.
A record of somebody erased is still there, without values: no search finds it.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.kernel.errors import Erased, NotFound
from allotment.microapps.queries import resource
from allotment.microapps.values import AppDetail
from allotment.policies.deciding import require
from allotment.records.models import Record
from allotment.records.sealing import unseal
from allotment.records.values import Collection, RecordPage, SavedRecord

PAGE_LENGTH = 50
_CHUNK = 500


def has_records(app: AppDetail) -> bool:
    """Whether the app saved anything that is still there."""
    return Record.objects.filter(app_id=app.id).exists()


def collections(actor: Actor, app: AppDetail) -> tuple[Collection, ...]:
    """Return the app's collections by name; raises `NotAllowed`."""
    require(actor, Action.SEE_RECORDS, resource(app))
    rows = Record.objects.filter(app_id=app.id).values("collection").order_by("collection")
    return tuple(
        Collection(row["collection"], row["count"], row["latest"])
        for row in rows.annotate(count=Count("id"), latest=Max("created_at"))
    )


def records(actor: Actor, app: AppDetail, collection: str, *, search: str = "", start: int = 0) -> RecordPage:
    """Return one page of a collection, newest first: those that hold every word of `search` somewhere.

    Raises `NotAllowed`.
    """
    require(actor, Action.SEE_RECORDS, resource(app))
    rows = _rows(app, collection)
    words = search.casefold().split()
    if not words:
        part = tuple(_record(row) for row in rows[start : start + PAGE_LENGTH])
        return RecordPage(_columns(part), part, rows.count())
    found = [record for record in map(_record, rows.iterator(_CHUNK)) if _holds(record, words)]
    part = tuple(found[start : start + PAGE_LENGTH])
    return RecordPage(_columns(part), part, len(found))


def every_record(
    actor: Actor, app: AppDetail, collection: str
) -> tuple[tuple[str, ...], Iterator[SavedRecord]]:
    """Return the columns of a whole collection, and its records one by one, oldest first. Raises `NotAllowed`."""
    require(actor, Action.SEE_RECORDS, resource(app))
    rows = _rows(app, collection).reverse()
    return _columns(map(_record, rows.iterator(_CHUNK))), map(_record, rows.iterator(_CHUNK))


def record_for(actor: Actor, app: AppDetail, record: UUID) -> SavedRecord:
    """Return one record; raises `NotAllowed` and `NotFound`."""
    require(actor, Action.SEE_RECORDS, resource(app))
    row = Record.objects.select_related("person", "changed_by").filter(id=record, app_id=app.id).first()
    if row is None:
        raise NotFound(_("There is no such record."), hint=_("Choose one from the collection."))
    return _record(row)


def _rows(app: AppDetail, collection: str) -> QuerySet[Record]:
    found = Record.objects.filter(app_id=app.id, collection=collection)
    return found.select_related("person", "changed_by").order_by("-created_at", "-id")


def _columns(part: Iterable[SavedRecord]) -> tuple[str, ...]:
    """Return every name that one of them has; where all are erased, one column to say so."""
    found: dict[str, None] = {}
    are_erased = False
    for record in part:
        found.update(dict.fromkeys(record.values))
        are_erased = are_erased or record.is_erased
    return tuple(found) or ((_("Record"),) if are_erased else ())


def _holds(record: SavedRecord, words: list[str]) -> bool:
    text = "\n".join(record.values.values()).casefold()
    return all(word in text for word in words)


def _record(row: Record) -> SavedRecord:
    try:
        values, is_erased = unseal(row.content, row.id), False
    except Erased:
        values, is_erased = {}, True
    return SavedRecord(
        id=row.id,
        collection=row.collection,
        values=values,
        person_name=row.person.name,
        run=row.run,
        created_at=row.created_at,
        changed_at=row.changed_at,
        changed_by="" if row.changed_by is None else row.changed_by.name,
        is_erased=is_erased,
    )
