"""What breaks while a run or a batch is worked on is told without what somebody wrote."""

import logging
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from dbos import DBOS
from django.db import OperationalError

from allotment.runs import starting
from allotment.runs.batches import finishing, working
from allotment.runs.batches.models import Batch
from allotment.runs.doing import asking
from tests.conftest import Somebody
from tests.runs.batches.test_batches import begin, rows_of
from tests.runs.test_running import finished

pytestmark = pytest.mark.timeout(120)
FORM = {"customer_query": "Where is Xanthippe of Athens?", "industry": "banking"}


def breaks(*_: object) -> None:
    try:
        int("Xanthippe of Athens")
    except ValueError as error:
        raise KeyError("Xanthippe of Athens") from error


def locked(*_: object) -> None:
    raise OperationalError("Key (name)=(Xanthippe of Athens) is locked")


def kept_by_dbos(run: UUID) -> str:
    """Return the errors that DBOS keeps of a run, and all that is in them."""
    errors = [step["error"] for step in DBOS.list_workflow_steps(str(run)) if step["error"] is not None]
    assert errors
    return repr([(error, vars(error)) for error in errors])


@pytest.mark.parametrize(("breaking", "name"), [(breaks, "KeyError"), (locked, "OperationalError")])
def test_a_broken_step_is_told_by_its_kind_and_place(
    app: UUID,
    colleague: Somebody,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    breaking: Callable[..., None],
    name: str,
) -> None:
    monkeypatch.setattr(asking, "_question", breaking)
    run = finished(colleague.actor, starting.start(app, colleague.actor, FORM))
    assert (run.state, run.message) == ("failed", "Something unexpected broke this run off.")
    (told, *_) = [record.getMessage() for record in caplog.records if str(run.id) in record.getMessage()]
    assert name in told
    assert "asking.py:" in told
    assert "test_breaking.py:" in told
    assert "Xanthippe" not in caplog.text
    assert "Xanthippe" not in kept_by_dbos(run.id)


def test_broken_work_on_a_batch_is_told_the_same_way(
    app: UUID, colleague: Somebody, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(working, "ask_next", breaks)
    batch = begin(colleague, app, rows_of(2))
    deadline = time.monotonic() + 60
    while str(batch) not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    finishing.cancel(batch, colleague.id)
    while Batch.objects.get(id=batch).worker is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "because of ValueError" in caplog.text
    assert "Xanthippe" not in caplog.text
