"""Saving what a step of a run found out, as records of the app."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.journal.recording import note
from allotment.kernel.errors import TooLarge
from allotment.kernel.ids import new_id
from allotment.records.models import Record
from allotment.records.sealing import seal
from allotment.records.values import title_of

MOST_RECORDS = 20_000
"""In one collection: as many as can be searched while somebody waits."""
_AT_ONCE = 500


@transaction.atomic
def save_records(
    *, app: UUID, collection: str, records: Sequence[Mapping[str, str]], person: UUID, run: UUID, step: str
) -> int:
    """Save records and return how many are new; what this step of this run saved before is not saved again.

    Raises `TooLarge` when the collection cannot take them; none is saved then.
    """
    saved = set(Record.objects.filter(run=run, step=step).values_list("row", flat=True))
    new = [(row, values) for row, values in enumerate(records) if row not in saved]
    _check_room(app, collection, len(new))
    for some in _parts(new):
        rows = []
        for row, values in some:
            record = new_id()
            content = seal(values, record, person)
            rows.append(
                Record(
                    id=record,
                    app_id=app,
                    collection=collection,
                    person_id=person,
                    run=run,
                    step=step,
                    row=row,
                    content=content,
                )
            )
        Record.objects.bulk_create(rows)
    if new:
        note(
            Action.CHANGE_RECORDS.value,
            actor=person,
            object_kind="app",
            object_id=str(app),
            app=app,
            run=run,
            collection=collection,
            saved=len(new),
        )
    return len(new)


def _check_room(app: UUID, collection: str, new: int) -> None:
    count = Record.objects.filter(app_id=app, collection=collection).count()
    if count + new > MOST_RECORDS:
        words = _("“%(collection)s” has %(count)s records; %(new)s more do not fit, %(most)s is the most.")
        raise TooLarge(
            words
            % {"collection": title_of(collection), "count": count, "new": new, "most": f"{MOST_RECORDS:,}"},
            hint=_("Take the records out as a file and remove those that are done with."),
        )


def _parts(
    new: list[tuple[int, Mapping[str, str]]],
) -> list[list[tuple[int, Mapping[str, str]]]]:
    return [new[start : start + _AT_ONCE] for start in range(0, len(new), _AT_ONCE)]
