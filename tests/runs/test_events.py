"""Events of one run that several append at the same moment: they take their turns."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction

from allotment.runs import events
from allotment.runs.cancelling import mark_cancelled
from allotment.runs.events import after, append
from tests.conftest import MakePerson, Somebody
from tests.gateway.conftest import make_run

__all__ = ["make_run"]
pytestmark = pytest.mark.django_db(transaction=True)

RUN = UUID(int=77)
_PATIENCE_SECONDS = 60


@pytest.fixture
def somebody(person: MakePerson, make_run: Callable[[UUID, Somebody], None]) -> Somebody:
    """Somebody with a run that has begun."""
    somebody = person(roles=["maker"])
    make_run(RUN, somebody)
    append(RUN, "progress", {"value": 0})
    return somebody


def test_a_run_can_be_cancelled_while_its_words_are_stored(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote, cancels = threading.Event(), threading.Event()

    def store_words() -> None:
        try:
            with transaction.atomic():
                append(RUN, "text", {"text": "Dear Ms Planck"})
                wrote.set()
                cancels.wait(0.5)  # who cancels in turn comes no further than to the run meanwhile
        finally:
            connections.close_all()

    storing = threading.Thread(target=store_words)
    storing.start()
    assert wrote.wait(_PATIENCE_SECONDS)
    seal = events.seal

    def told(value: Any, **where: Any) -> bytes:
        cancels.set()
        return seal(value, **where)

    monkeypatch.setattr(events, "seal", told)
    try:
        assert mark_cancelled(RUN, somebody.actor)
    finally:
        storing.join(_PATIENCE_SECONDS)
    assert [(one.number, one.kind) for one in after(RUN, 0)] == [(1, "progress"), (2, "text"), (3, "failed")]


@pytest.mark.usefixtures("somebody")
def test_events_of_several_threads_have_numbers_without_gaps() -> None:
    begin = threading.Barrier(3)

    def tell() -> None:
        try:
            begin.wait(_PATIENCE_SECONDS)
            for value in range(5):
                append(RUN, "progress", {"value": value})
        finally:
            connections.close_all()

    telling = [threading.Thread(target=tell) for _ in range(3)]
    for one in telling:
        one.start()
    for one in telling:
        one.join(_PATIENCE_SECONDS)
    assert [one.number for one in after(RUN, 0)] == list(range(1, 17))
