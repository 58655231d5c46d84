"""Runs from start to end, and one test per way in which a run may not start or not finish."""

import time
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from allotment.engine.principals import Role
from allotment.journal.queries import Wanted, recent
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.kernel.settings import settings
from allotment.microapps.exchanging import push
from allotment.microapps.queries import app_for
from allotment.people.leaving import deactivate
from allotment.prompts.queries import version_for_page
from allotment.prompts.recalling import recall
from allotment.runs import advancing, durable, ending, starting
from allotment.runs.cancelling import cancel
from allotment.runs.events import after, append
from allotment.runs.models import Run, RunEvent, RunStep
from allotment.runs.queries import past_runs, run_for
from allotment.runs.telling import told_of
from allotment.runs.values import RunDetail
from tests.runs.conftest import PATIENCE_SECONDS, SPEC, eventually, look_again

FORM = {"customer_query": "Where is my card? Write to a.okafor@example.com.", "industry": "banking"}


def finished(actor: object, run: UUID) -> RunDetail:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := run_for(actor, run)).is_over:
        assert time.monotonic() < deadline, "the run did not end"
        time.sleep(0.02)
    return found


def test_colleague_runs_a_published_app(app, colleague) -> None:
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert run.state == "done"
    assert run.version == 1
    assert [part.title for part in run.parts] == ["Topic", "Reply"]
    assert run.parts[0].label == "card"
    assert "a.okafor@example.com" in run.parts[1].text
    assert [piece.masked_kind for piece in run.parts[1].pieces if piece.masked_kind] == ["email"]


def test_receipt_names_templates_model_checks_and_entries(app, colleague) -> None:
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert [step.template_title for step in run.steps] == ["Sort into topics", "Customer reply"]
    assert all(step.model == "Scripted" and step.runs_here for step in run.steps)
    assert all(step.masked == {"email": 1} and step.entry for step in run.steps)
    assert run.details_masked == 1


def test_every_governed_action_of_a_run_is_in_the_journal(app, colleague) -> None:
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    entries = recent(Wanted(run=run.id), limit=50).entries
    told = [(entry.action, entry.outcome) for entry in reversed(entries)]
    assert told == [
        ("apps.run", "allowed"),
        ("models.ask", "done"),
        ("models.ask", "allowed"),
        ("models.ask", "done"),
        ("apps.run", "done"),
    ]


def test_nothing_typed_or_answered_is_readable_in_the_tables(app, colleague) -> None:
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    row = Run.objects.get(id=run.id)
    sealed = [bytes(row.form), bytes(row.result)]
    sealed += [bytes(event.payload) for event in RunEvent.objects.filter(run=row)]
    sealed += [bytes(step.outcome) for step in RunStep.objects.filter(run=row)]
    assert not any(b"okafor" in one or b"card" in one for one in sealed)


def test_events_are_numbered_without_gaps_and_end_once(app, colleague) -> None:
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    events = after(run.id, 0)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events if event.kind in ("done", "failed")] == ["done"]
    assert after(run.id, events[-2].number) == events[-1:]


def test_a_run_is_over_together_with_its_last_event(app, colleague, monkeypatch) -> None:
    are_together = []

    def noted(*event) -> int:
        are_together.append(connection.in_atomic_block)
        return append(*event)

    monkeypatch.setattr(ending, "append", noted)
    finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert are_together == [True]


def test_owner_tries_the_working_copy(app, maker) -> None:
    run = finished(maker.actor, starting.start(app, maker.actor, FORM, trial=True))
    assert run.is_trial
    assert run.state == "done"


def test_colleague_cannot_run_the_working_copy(app, colleague) -> None:
    with pytest.raises(NotAllowed):
        starting.start(app, colleague.actor, FORM, trial=True)
    assert not Run.objects.exists()


def test_unpublished_app_does_not_run_for_others(installation, maker, colleague) -> None:
    made = push(maker.actor, SPEC).app.id
    with pytest.raises((NotAllowed, NotFound)):
        starting.start(made, colleague.actor, FORM)


def test_somebody_of_another_space_cannot_run_it(app, person) -> None:
    stranger = person(roles=[Role.COLLEAGUE], spaces=["Finance"])
    with pytest.raises((NotAllowed, NotFound)):
        starting.start(app, stranger.actor, FORM)


def test_form_problems_name_field_and_remedy_and_store_nothing(app, colleague) -> None:
    with pytest.raises(starting.FormProblems) as refused:
        starting.start(app, colleague.actor, {"customer_query": "x" * 5000, "industry": "fishing"})
    assert set(refused.value.problems) == {"customer_query", "industry"}
    assert "5,000 characters; 4,000 is the most" in refused.value.problems["customer_query"]
    assert not Run.objects.exists()


def test_nobody_else_sees_a_run(app, colleague, maker, person) -> None:
    run = starting.start(app, colleague.actor, FORM)
    finished(colleague.actor, run)
    for other in (maker, person(roles=[Role.ADMINISTRATOR]), person(roles=[Role.OFFICER])):
        with pytest.raises(NotFound):
            run_for(other.actor, run)
    assert past_runs(maker.actor)[0] == ()
    assert [one.id for one in past_runs(colleague.actor)[0]] == [run]


def test_cancelled_run_stops_the_provider_and_stays_cancelled(app, colleague, script, tmp_path) -> None:
    calls = tmp_path / "calls"
    script(failure="hang", calls_file=str(calls))
    run = starting.start(app, colleague.actor, FORM)
    eventually(calls.exists)
    assert cancel(run, colleague.actor)
    found = finished(colleague.actor, run)
    assert found.state == "cancelled"
    assert found.form["customer_query"] == FORM["customer_query"]
    assert not cancel(run, colleague.actor)


def test_only_the_one_who_started_it_cancels(app, colleague, maker, script) -> None:
    script(delay_milliseconds="2000")
    run = starting.start(app, colleague.actor, FORM)
    with pytest.raises(NotAllowed):
        cancel(run, maker.actor)
    cancel(run, colleague.actor)


def test_recalled_template_stops_the_very_next_step(app, colleague, person, door) -> None:
    run = starting.start(app, colleague.actor, FORM)
    eventually(lambda: door.asked == 1)
    steward = person(roles=[Role.STEWARD])
    recall(version_for_page("customer-reply", 1).id, steward.id, "It promises refunds.")
    look_again()
    door.open()
    found = finished(colleague.actor, run)
    assert found.state == "failed"
    assert [step.step for step in found.steps] == ["topic"]
    assert found.message


def test_person_who_leaves_stops_at_the_next_step(app, colleague, person, door) -> None:
    run = starting.start(app, colleague.actor, FORM)
    eventually(lambda: door.asked == 1)
    deactivate(person(roles=[Role.ADMINISTRATOR]).actor, colleague.id)
    look_again()
    door.open()
    eventually(lambda: Run.objects.get(id=run).state not in ("waiting", "running"))
    row = Run.objects.get(id=run)
    assert row.state == "refused"
    assert "may no longer sign in" in told_of(row).message


@pytest.mark.parametrize("failure", ["401", "garbage"])
def test_failing_provider_ends_the_run_with_words_and_keeps_the_form(app, colleague, script, failure) -> None:
    script(failure=failure)
    found = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert found.state == "failed"
    assert found.message
    assert found.remedy
    assert found.form == FORM


def test_app_that_stops_says_so(installation, maker) -> None:
    spec = SPEC.replace(
        "- {step: reply,",
        "- {step: check, do: choose, cases: [{when: [{value: steps.topic, is: is, to: card}], "
        "stop: Please ask Rosa.}]}\n- {step: reply,",
    )
    made = push(maker.actor, spec).app.id
    found = finished(maker.actor, starting.start(made, maker.actor, FORM, trial=True))
    assert found.state == "stopped"
    assert found.message == "Please ask Rosa."
    assert len(found.steps) == 1


def test_run_keeps_the_definition_it_started_with(app, maker, script) -> None:
    script(delay_milliseconds="500")
    run = starting.start(app, maker.actor, FORM, trial=True)
    push(maker.actor, SPEC.replace("title: Reply}", "title: Changed meanwhile}"))
    found = finished(maker.actor, run)
    assert [part.title for part in found.parts] == ["Topic", "Reply"]
    assert app_for(maker.actor, app).working_plain["result"][1]["title"] == "Changed meanwhile"


def test_run_stored_but_never_begun_is_taken_up_at_the_next_start(app, colleague, monkeypatch) -> None:
    """The process ended between storing a run and beginning it."""
    monkeypatch.setattr(starting.durable, "begin", lambda run: None)
    run = starting.start(app, colleague.actor, FORM)
    monkeypatch.undo()
    durable.close(0)
    durable.launch(settings())
    assert finished(colleague.actor, run).state == "done"


def test_step_that_breaks_ends_the_run_with_words(app, colleague, monkeypatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("allotment.runs.advancing.next_effect", breaks)
    found = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert found.state == "failed"
    assert "unexpected" in found.message
    assert found.form == FORM


def test_locked_database_is_tried_again(app, colleague, monkeypatch) -> None:
    tries = []

    def locked_once(row: Run) -> str:
        tries.append(row.id)
        if len(tries) == 1:
            raise OperationalError("database is locked")
        return original(row)

    original = advancing._advance
    monkeypatch.setattr(advancing, "_advance", locked_once)
    assert finished(colleague.actor, starting.start(app, colleague.actor, FORM)).state == "done"


def test_broken_run_ends_as_soon_as_the_database_takes_its_ending(app, colleague, monkeypatch) -> None:
    tries = []

    def breaks(_: Run) -> str:
        raise OperationalError("database or disk is full")

    def full_once(run: UUID) -> str:
        tries.append(run)
        if len(tries) == 1:
            raise OperationalError("database or disk is full")
        return original(run)

    original = durable.ending.interrupt
    monkeypatch.setattr(advancing, "_advance", breaks)
    monkeypatch.setattr(durable.ending, "interrupt", full_once)
    monkeypatch.setattr(durable, "_DATABASE_PAUSE_SECONDS", 0.05)
    assert finished(colleague.actor, starting.start(app, colleague.actor, FORM)).state == "failed"
    assert len(tries) == 2
