"""Whoever leaves in the middle of a run whose rows are asked leaves nothing behind that waits for them."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from dbos import DBOS

from allotment.engine.principals import Role
from allotment.people.erasing import erase
from allotment.people.granting import set_roles
from allotment.people.leaving import bring_back, deactivate
from allotment.runs.batches import finishing, foreman
from allotment.runs.batches.models import Batch, BatchState
from allotment.runs.events import after
from allotment.runs.models import Run, RunReceipt
from allotment.runs.queries import run_for
from tests.conftest import MakePerson, Somebody
from tests.runs.batches.test_batches import begin as begin_batch
from tests.runs.batches.test_batches import rows_of
from tests.runs.test_for_each import begin, sorting, until

__all__ = ["sorting"]
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def under_way(
    sorting: UUID, maker: Somebody, person: MakePerson, script: Callable[..., None], tmp_path: Path
) -> UUID:
    """A run of the maker in the middle of its rows."""
    person(roles=[Role.ADMINISTRATOR])
    script(script=str(tmp_path / "script.json"), delay_milliseconds="300")
    run = begin(maker, sorting, "Comment\n" + "dear\n" * 200)
    until(lambda: Batch.objects.filter(run=run, done__gt=0).exists())
    return run


def is_over(run: UUID) -> bool:
    """Say whether neither a thread waits for a run nor anybody asks its rows."""
    status = DBOS.get_workflow_status(str(run))
    is_asked = Batch.objects.filter(run=run).exclude(worker=None).exists()
    return status is not None and status.status == "SUCCESS" and not is_asked


def states(run: UUID) -> tuple[str, str]:
    return Run.objects.get(id=run).state, Batch.objects.get(run=run).state


def test_a_run_of_somebody_erased_ends(under_way: UUID, maker: Somebody) -> None:
    erase(None, maker.id, "request 2026-14")
    assert states(under_way) == ("cancelled", "cancelled")
    assert RunReceipt.objects.filter(run=under_way).exists()
    until(lambda: is_over(under_way))
    batch = Batch.objects.get(run=under_way)
    assert 0 < batch.done < batch.rows
    assert batch.waits_for == ""


def test_a_run_that_was_paused_ends_with_its_person_too(under_way: UUID, maker: Somebody) -> None:
    finishing.pause(Batch.objects.get(run=under_way).id, "The budget is used up.", "Ask.")
    erase(None, maker.id, "request 2026-14")
    assert states(under_way) == ("cancelled", "cancelled")
    until(lambda: is_over(under_way))


def test_a_batch_of_somebody_erased_ends(app: UUID, colleague: Somebody, person: MakePerson) -> None:
    person(roles=[Role.ADMINISTRATOR])
    batch = begin_batch(colleague, app, rows_of(200))
    finishing.pause(batch, "", "", actor=colleague.id)
    erase(None, colleague.id, "request 2026-14")
    assert Batch.objects.get(id=batch).state == BatchState.CANCELLED


def test_a_run_of_somebody_deactivated_ends_with_words_for_their_return(
    under_way: UUID, maker: Somebody
) -> None:
    deactivate(None, maker.id)
    until(lambda: is_over(under_way))
    assert states(under_way) == ("refused", "cancelled")
    bring_back(None, maker.id)
    found = run_for(maker.actor, under_way)
    assert found.message == "You may not run apps any more, so the other rows were not asked."
    assert "run it again" in found.remedy


def test_a_run_of_somebody_who_may_not_run_apps_any_more_ends(under_way: UUID, maker: Somebody) -> None:
    set_roles(None, maker.id, frozenset({Role.AUDITOR}))
    until(lambda: is_over(under_way))
    assert states(under_way) == ("refused", "cancelled")


def test_a_run_that_is_paused_waits_for_its_person(under_way: UUID, maker: Somebody) -> None:
    finishing.pause(Batch.objects.get(run=under_way).id, "The budget is used up.", "Ask.")
    foreman.nudge()
    until(
        lambda: any("paused: The budget is used up." in str(event.payload) for event in after(under_way, 0))
    )
    time.sleep(1.5)
    assert states(under_way) == ("running", "paused")
