"""What is taken away while a run is under way stops it at its next step."""

import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from django.db import OperationalError

from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.engine.gate.budgets import Measure, Period, Scope
from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.llms.models import LanguageModel
from allotment.llms.offering import turn_off
from allotment.microapps.parking import park
from allotment.people.granting import set_roles
from allotment.policies.budgets.setting import NewBudget, set_budget
from allotment.runs import starting
from allotment.runs.doing import asking
from allotment.runs.models import Run, RunStep
from allotment.runs.telling import told_of
from tests.runs.conftest import PATIENCE_SECONDS, Door, budgets_in_force, eventually, look_again

FORM = {"customer_query": "Where is my card?", "industry": "banking"}


@pytest.fixture
def under_way(app, colleague, door) -> UUID:
    """A run of two steps, in the middle of the first until the door opens."""
    run = starting.start(app, colleague.actor, FORM)
    eventually(lambda: door.asked == 1)
    return run


def go_on(door: Door) -> None:
    """Let the question under way be answered, now that everybody knows what was taken away."""
    look_again()
    door.open()


def ended(run: UUID) -> Run:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (row := Run.objects.get(id=run)).state in ("waiting", "running"):
        assert time.monotonic() < deadline, "the run did not end"
        time.sleep(0.02)
    return row


def steps(run: UUID) -> list[str]:
    return list(RunStep.objects.filter(run=run).values_list("step", flat=True))


def test_a_parked_app_stops_at_the_next_step(under_way, app, maker, door) -> None:
    park(app, maker.actor)
    go_on(door)
    row = ended(under_way)
    assert row.state in ("refused", "failed")
    assert told_of(row).message
    assert steps(under_way) == ["topic"]


def test_a_role_taken_away_stops_at_the_next_step(under_way, colleague, door) -> None:
    set_roles(None, colleague.id, frozenset({Role.AUDITOR}))
    go_on(door)
    row = ended(under_way)
    assert row.state == "refused"
    assert steps(under_way) == ["topic"]


def entries(run: UUID) -> list[str]:
    return list(JournalEntry.objects.filter(run=run, action="models.ask").values_list("outcome", flat=True))


def test_a_role_taken_away_stops_what_waits_for_its_turn(app, colleague, maker, person, door) -> None:
    budget = NewBudget(Scope.ORGANISATION, "", Measure.AT_ONCE, Period.NONE, 1, "One at a time.")
    set_budget(person(roles=[Role.OFFICER]).actor, budget)
    budgets_in_force()
    first = starting.start(app, maker.actor, FORM)
    eventually(lambda: door.asked == 1)
    second = starting.start(app, colleague.actor, FORM)
    eventually(lambda: Run.objects.get(id=second).state == "running")
    time.sleep(0.5)  # it asks for room meanwhile
    set_roles(None, colleague.id, frozenset({Role.AUDITOR}))
    go_on(door)
    row = ended(second)
    assert row.state == "refused"
    assert entries(second) == ["refused"]
    assert steps(second) == []
    assert ended(first).state == "done"
    assert door.asked == 2


def test_a_question_keeps_its_name_when_its_run_is_resumed(app, colleague, script, monkeypatch) -> None:
    names: list[str] = []
    chat = ScriptedProvider.chat

    def named(self: ScriptedProvider, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        names.append(request.idempotency)
        return chat(self, request)

    def broken(*_: object) -> None:
        monkeypatch.setattr(asking, "_keep", keep)
        raise OperationalError("database is locked")

    keep = asking._keep
    monkeypatch.setattr(ScriptedProvider, "chat", named)
    monkeypatch.setattr(asking, "_keep", broken)
    run = starting.start(app, colleague.actor, FORM)
    assert ended(run).state == "done"
    assert len(names) == 3  # the first answer was lost, as it is when a server dies before it is kept
    assert names[0] == names[1] != names[2]
    assert names[0].startswith(f"{run}:topic:")


def test_a_model_turned_off_stops_at_the_next_step(under_way, person, door) -> None:
    turn_off(LanguageModel.objects.get(name="scripted").id, person(roles=[Role.OFFICER]).actor)
    go_on(door)
    row = ended(under_way)
    assert row.state == "failed"
    assert told_of(row).message
    assert steps(under_way) == ["topic"]
