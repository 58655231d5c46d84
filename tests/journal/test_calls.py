"""Calls of programs, read from the journal: the last word about each, by key, in pages."""

from collections.abc import Callable
from uuid import UUID

import pytest

from allotment.engine.recording import Entry, Outcome
from allotment.journal import calls
from allotment.journal.calls import call_made, calls_made_with, last_question
from allotment.journal.recording import record
from allotment.kernel import clock
from allotment.kernel.ids import new_id

pytestmark = pytest.mark.django_db
VERA, KEY, MODEL = UUID(int=1), UUID(int=2), UUID(int=3)
Asked = Callable[..., UUID]


@pytest.fixture
def asked() -> Asked:
    """Return `asked(outcome, run=…, **details)`, which records a question; it returns the id of the call."""

    def make(outcome: Outcome = "done", run: UUID | None = None, **details: str | int | None) -> UUID:
        call = run or new_id()
        entry = Entry(
            at=clock.now(),
            action="models.ask",
            outcome=outcome,
            actor=VERA,
            object_kind="model",
            object_id=str(MODEL),
            run=call,
            details={"key": str(KEY), "step": "", **details},
        )
        record(entry)
        return call

    return make


def test_a_call_is_told_by_its_last_entry(asked: Asked) -> None:
    call = asked("allowed")
    asked(
        "done",
        call,
        tokens_in=7,
        cost_nanodollars=12,
        milliseconds=1500,
        **{"masked email": 2, "withheld": 1},
    )
    found = call_made(call)
    assert found is not None
    assert (found.outcome, found.tokens_in, found.cost_nanodollars, found.seconds) == ("done", 7, 12, 1.5)
    assert (found.masked, found.found, found.key, found.person) == ({"email": 2}, 1, KEY, VERA)


def test_a_refused_call_names_the_stage_and_the_rule(asked: Asked) -> None:
    found = call_made(asked("refused", stage="limit", rule="person-tokens-day"))
    assert found is not None
    assert (found.stage_words, found.rule) == ("budgets", "person-tokens-day")


def test_what_no_program_asked_is_no_call(asked: Asked) -> None:
    assert call_made(asked("done", key=None)) is None
    assert call_made(new_id()) is None


def test_an_answer_that_is_only_on_its_way_is_no_call_yet(asked: Asked) -> None:
    assert call_made(asked("allowed")) is None


def test_calls_of_a_key_come_newest_first_and_in_pages(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PAGE", 2)
    monkeypatch.setattr(calls, "LOOKED_THROUGH", 10**9)  # tickets go on from those of other tests
    made = [asked() for _ in range(3)]
    asked(key=str(UUID(int=99)))
    first = calls_made_with(KEY, VERA)
    assert [one.id for one in first.calls] == [made[2], made[1]]
    rest = calls_made_with(KEY, VERA, first.older)
    assert ([one.id for one in rest.calls], rest.older) == ([made[0]], None)
    assert calls_made_with(KEY, UUID(int=98)).calls == []


def test_a_page_looks_at_a_bounded_number_of_entries_and_says_where_to_go_on(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = asked()
    for _ in range(4):
        asked(key=str(UUID(int=99)))
    monkeypatch.setattr(calls, "LOOKED_THROUGH", 3)
    first = calls_made_with(KEY, VERA)
    assert first.calls == []
    assert first.older is not None
    assert [one.id for one in calls_made_with(KEY, VERA, first.older).calls] == [oldest]


def test_the_last_question_of_a_run_counts_for_its_own_step_only(asked: Asked) -> None:
    run = asked("refused", step="reply", stage="screen in", rule="detector")
    found = last_question(run, "reply")
    assert found is not None
    assert found.rule == "detector"
    assert last_question(run, "topic") is None
