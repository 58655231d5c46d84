"""What is taken away while a row waits for its turn keeps it from being asked."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.principals import Role
from allotment.people.granting import set_roles
from allotment.policies.budgets.setting import NewBudget, set_budget
from allotment.runs import starting
from allotment.runs.batches import holding
from tests.conftest import MakePerson, Somebody
from tests.runs.batches.test_batches import begin, rows_of, until

FORM = {"customer_query": "Where is my card?", "industry": "banking"}


@pytest.fixture
def calls(script: Callable[..., None], person: MakePerson, tmp_path: Path) -> Path:
    """A slow model that one may ask at a time; return the file that counts how often it was asked."""
    counted = tmp_path / "calls"
    script(delay_milliseconds="2500", calls_file=str(counted))
    budget = NewBudget(Scope.ORGANISATION, "", Measure.AT_ONCE, Period.NONE, 1, "One at a time.")
    set_budget(person(roles=[Role.OFFICER]).actor, budget)
    time.sleep(1.2)  # until it is in force
    return counted


def test_a_role_taken_away_keeps_rows_that_wait_for_room_from_being_asked(
    app: UUID, colleague: Somebody, maker: Somebody, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        holding, "BEAT_SECONDS", 30.0
    )  # what holds is read at the beginning, and not again by itself
    starting.start(app, maker.actor, FORM)
    while not calls.exists():
        time.sleep(0.02)
    batch = begin(colleague, app, rows_of(3))
    time.sleep(1.0)
    set_roles(None, colleague.id, frozenset({Role.AUDITOR}))
    found = until(colleague, batch, lambda found: found.state not in ("preparing", "working"))
    assert found.done == 0
    assert len(calls.read_text().splitlines()) <= 2  # of the run that was there first
