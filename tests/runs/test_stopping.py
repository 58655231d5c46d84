"""What is taken away while a run is under way stops it at its next step."""

import time
from uuid import UUID

import pytest

from allotment.engine.principals import Role
from allotment.llms.models import LanguageModel
from allotment.llms.offering import turn_off
from allotment.microapps.parking import park
from allotment.people.granting import set_roles
from allotment.runs import starting
from allotment.runs.models import Run, RunStep
from allotment.runs.telling import told_of

FORM = {"customer_query": "Where is my card?", "industry": "banking"}
PATIENCE_SECONDS = 20


@pytest.fixture
def under_way(app, colleague, script) -> UUID:
    """A run of two slow steps, in the middle of the first."""
    script(delay_milliseconds="700")
    run = starting.start(app, colleague.actor, FORM)
    time.sleep(0.3)
    return run


def ended(run: UUID) -> Run:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (row := Run.objects.get(id=run)).state in ("waiting", "running"):
        assert time.monotonic() < deadline, "the run did not end"
        time.sleep(0.02)
    return row


def steps(run: UUID) -> list[str]:
    return list(RunStep.objects.filter(run=run).values_list("step", flat=True))


def test_a_parked_app_stops_at_the_next_step(under_way, app, maker) -> None:
    park(app, maker.actor)
    row = ended(under_way)
    assert row.state in ("refused", "failed")
    assert told_of(row).message
    assert steps(under_way) == ["topic"]


def test_a_role_taken_away_stops_at_the_next_step(under_way, colleague) -> None:
    set_roles(None, colleague.id, frozenset({Role.AUDITOR}))
    row = ended(under_way)
    assert row.state == "refused"
    assert steps(under_way) == ["topic"]


def test_a_model_turned_off_stops_at_the_next_step(under_way, person) -> None:
    turn_off(LanguageModel.objects.get(name="scripted").id, person(roles=[Role.OFFICER]).actor)
    row = ended(under_way)
    assert row.state == "failed"
    assert told_of(row).message
    assert steps(under_way) == ["topic"]
