"""A row has one receipt, however many ask for it at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connections

from allotment.journal.models import JournalEntry
from allotment.runs.batches import row_receipts
from allotment.runs.batches.row_receipts import row_receipt_for
from tests.conftest import Somebody
from tests.runs.batches.test_batches import begin, over, rows_of


def test_two_who_ask_at_once_get_the_same(
    app: UUID, colleague: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = over(colleague, begin(colleague, app, rows_of(1))).id
    make, both = row_receipts._receipt, threading.Barrier(2)

    def made(*parts: object) -> object:
        both.wait(30)  # neither had found one
        return make(*parts)

    def entry(_: int) -> int:
        try:
            return row_receipt_for(colleague.actor, batch, 1).entry
        finally:
            connections.close_all()

    monkeypatch.setattr(row_receipts, "_receipt", made)
    with ThreadPoolExecutor(2) as askers:
        entries = set(askers.map(entry, range(2)))
    assert len(entries) == 1
    assert JournalEntry.objects.filter(action="runs.receipt", run=batch).count() == 1
