"""Cancelling stops a table that is being computed, whichever process cancels."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from allotment.kernel.errors import Conflict
from allotment.microapps.exchanging import push
from allotment.runs import cancelling, starting, tables
from allotment.tables.engine import Limits
from tests.conftest import Somebody
from tests.runs.test_running import finished

SPEC = """
allotment: 1
name: comments
title: Comments
purpose: Count comments.
form:
  - {field: comments, label: Comments, kind: table, required: true, columns: [{column: Topic}]}
steps:
  - step: counts
    do: table
    from: form.comments
    plan: [{do: group, by: [{column: Topic}], figures: [{figure: count}]}]
result:
  - {show: table, from: steps.counts, title: Topics}
"""
PATIENCE_SECONDS = 60


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A computation that goes on until it is stopped; set once it began."""
    event = threading.Event()

    def compute(*_: object, out: Path, limits: Limits) -> None:
        event.set()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not limits.is_stopped():
            assert time.monotonic() < deadline, f"nobody stopped what writes {out.name}"
            time.sleep(0.05)
        raise Conflict("The computation was stopped.", hint="Start it again when you want.", code="stopped")

    monkeypatch.setattr(tables, "compute_plan", compute)
    return event


@pytest.mark.parametrize("cancel", [cancelling.cancel, cancelling.mark_cancelled], ids=["here", "elsewhere"])
def test_a_computation_stops_when_its_run_is_cancelled(
    installation: None,
    maker: Somebody,
    begun: threading.Event,
    cancel: Callable[..., bool],
) -> None:
    app = push(maker.actor, SPEC).app.id
    run = starting.start(app, maker.actor, {"comments": "Topic\nprice\n"}, trial=True)
    assert begun.wait(PATIENCE_SECONDS)
    assert cancel(run, maker.actor)
    assert finished(maker.actor, run).state == "cancelled"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while cancelling._computing:
        assert time.monotonic() < deadline, "it is still computed"
        time.sleep(0.05)


def test_nothing_is_kept_of_runs_that_computed(installation: None, maker: Somebody) -> None:
    app = push(maker.actor, SPEC).app.id
    run = starting.start(app, maker.actor, {"comments": "Topic\nprice\n"}, trial=True)
    assert finished(maker.actor, run).state == "done"
    assert not cancelling._computing
    assert not cancelling.cancel(run, maker.actor)
    assert not cancelling._computing
