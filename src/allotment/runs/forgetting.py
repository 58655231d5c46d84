"""Forgetting what runs hold about a person beside what their key protects.

What was sealed before people had keys of their own would outlive theirs: it is emptied here. All else goes with the
key. Runs that are under way end: without their key they could not go on, and nobody else may cancel them.
Invariant: when, which app, how long and at what cost stay.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from allotment.kernel.crypto import key_id_of
from allotment.kernel.crypto.master_keys import SHORT_ID_BYTES
from allotment.runs import ending
from allotment.runs.batches import for_each
from allotment.runs.models import FINAL_STATES, Run, RunDocument, RunEvent, RunStep, RunTable

_BATCH = 500


def forget_person(person: UUID) -> None:
    """End and empty it, in the caller's transaction, before the key goes."""
    for row in Run.objects.filter(person=person).exclude(state__in=FINAL_STATES):
        for_each.stop(row.id)  # first, as whoever writes its answers takes first the batch and then the run
        ending.cancel(row)
    _empty(Run.objects.filter(person=person), "form")
    _empty(Run.objects.filter(person=person).exclude(result=None), "result")
    _empty(RunStep.objects.filter(run__person=person), "outcome")
    _empty(RunEvent.objects.filter(run__person=person), "payload")
    _empty(RunDocument.objects.filter(run__person=person), "content")
    _empty(RunTable.objects.filter(run__person=person), "content")


def _empty(rows: QuerySet[Any], column: str) -> None:
    """Empty one column of those rows that were sealed under the master key itself."""
    old = [
        row
        for row, sealed in rows.values_list("pk", column).iterator(_BATCH)
        if sealed and len(key_id_of(bytes(sealed))) == SHORT_ID_BYTES
    ]
    for start in range(0, len(old), _BATCH):
        rows.filter(pk__in=old[start : start + _BATCH]).update(**{column: b""})
