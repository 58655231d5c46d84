"""A batch of somebody erased: what was given, answered and told can be read by nobody; its counts stay."""

import io
import time
from uuid import UUID

import pytest

from allotment.kernel.errors import Erased
from allotment.microapps.queries import runnable
from allotment.people.erasing import erase
from allotment.runs.batches import for_each, queries, starting
from allotment.runs.batches.keeping import GIVEN, RESULT
from allotment.runs.batches.models import Batch, BatchRow, BatchState
from allotment.runs.batches.sealed import about_of, row_told, sealed_told
from allotment.runs.sealing import unseal
from allotment.runs.starting import start
from allotment.sheets.models import Sheet, SheetPart
from allotment.sheets.receiving import receive
from tests.conftest import MakePerson, Somebody

ROWS = b"Question,Branch\nWhere is Xanthippe?,banking\nWhere is it?,fishing\n"


@pytest.fixture
def ended(app: UUID, colleague: Somebody) -> Batch:
    """A batch with a row that was answered, and one that does not fit."""
    sheet = receive(colleague.actor, "questions of Xanthippe.csv", io.BytesIO(ROWS))
    matching = {"customer_query": "Question", "industry": "Branch"}
    batch = starting.start(colleague.actor, runnable(app, colleague.actor), sheet.id, matching)
    deadline = time.monotonic() + 60
    while not queries.batch_for(colleague.actor, batch).is_over:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return Batch.objects.get(id=batch)


def test_everything_about_its_rows_is_gone_and_the_counts_stay(
    ended: Batch, colleague: Somebody, person: MakePerson
) -> None:
    answered, unfit = BatchRow.objects.filter(batch=ended).order_by("number")
    opening = (
        lambda: about_of(ended),
        lambda: unseal(answered.given, column=GIVEN, run=answered.id),
        lambda: unseal(answered.result, column=RESULT, run=answered.id),
        lambda: row_told(unfit),
    )
    assert all(opened() for opened in opening)
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    for opened in opening:
        with pytest.raises(Erased):
            opened()
    after = Batch.objects.get(id=ended.id)
    assert (after.state, after.done, after.unfit, after.waits_for) == ("done", 1, 1, "")


def test_the_file_it_came_from_is_gone_too(ended: Batch, colleague: Somebody, person: MakePerson) -> None:
    assert Sheet.objects.filter(id=ended.sheet).exists()
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    assert not Sheet.objects.exists()
    assert not SheetPart.objects.exists()


def test_a_paused_step_of_somebody_erased_says_so_instead_of_breaking(
    ended: Batch, colleague: Somebody, person: MakePerson
) -> None:
    """Versions that let a paused step be when its person was erased left such ones."""
    run = start(ended.app_id, colleague.actor, {"customer_query": "Where?", "industry": "banking"})
    told = sealed_told(ended, "It said: “Xanthippe”", "")
    paused = Batch.objects.filter(id=ended.id)
    paused.update(run=run, state=BatchState.PAUSED, told=told)
    assert "Xanthippe" in for_each.rows_so_far(run).waits_for
    person(roles=["administrator"])
    erase(None, colleague.id, "request 2026-14")
    assert for_each.rows_so_far(run) is None
    paused.update(state=BatchState.PAUSED, told=told)
    assert "erased on request" in for_each.rows_so_far(run).waits_for
