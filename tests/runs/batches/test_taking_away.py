"""What is taken away while a row waits for its turn keeps it from being asked."""

import time
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
from tests.runs.conftest import Door, budgets_in_force, eventually, look_again

FORM = {"customer_query": "Where is my card?", "industry": "banking"}


@pytest.fixture
def narrow_door(door: Door, person: MakePerson) -> Door:
    """A door that one question may stand in at a time."""
    budget = NewBudget(Scope.ORGANISATION, "", Measure.AT_ONCE, Period.NONE, 1, "One at a time.")
    set_budget(person(roles=[Role.OFFICER]).actor, budget)
    budgets_in_force()
    return door


def test_a_role_taken_away_keeps_rows_that_wait_for_room_from_being_asked(
    app: UUID, colleague: Somebody, maker: Somebody, narrow_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        holding, "BEAT_SECONDS", 30.0
    )  # what holds is read at the beginning, and not again by itself
    starting.start(app, maker.actor, FORM)
    eventually(lambda: narrow_door.asked == 1)
    batch = begin(colleague, app, rows_of(3))
    until(colleague, batch, lambda found: found.state == "working")
    time.sleep(0.5)  # its rows ask for room meanwhile
    set_roles(None, colleague.id, frozenset({Role.AUDITOR}))
    look_again()
    narrow_door.open()
    found = until(colleague, batch, lambda found: found.state not in ("preparing", "working"))
    assert found.done == 0
    assert narrow_door.asked <= 2  # of the run that was there first
