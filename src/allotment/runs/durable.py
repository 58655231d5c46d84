"""Durable execution on DBOS Transact: a run survives the process that started it.

Invariant: DBOS's database holds run ids and state words only, as portable JSON; content lives sealed in our
own tables. So the text of an error, which DBOS would store, is kept from it. A finished step is a row in `RunStep`, so
a restart goes on behind the last one.
"""

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import UUID

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat
from django.db import DatabaseError

from allotment.engine.gate.defects import traced, words
from allotment.kernel.settings import Settings
from allotment.runs import ending
from allotment.runs.advancing import GO_ON, advance
from allotment.runs.doing.asking_rows import WAITS, RowsWatch
from allotment.runs.queries import unfinished
from allotment.web.worker_threads import database_work

WORKFLOW_VERSION = "1"
"""Raise it when a change to `run_app` itself could not resume runs started before it."""
_MOST_THREADS = 48
"""More than work at once: a run whose rows are being asked keeps a thread that only looks now and then."""
_SHORTEST_LOOK_SECONDS = 0.05
_LONGEST_LOOK_SECONDS = 0.5
_TRIES_AT_DATABASE = 4
_DATABASE_PAUSE_SECONDS = 2.0

_log = logging.getLogger(__name__)
_under_way: set[str] = set()
"""Runs of this process that are in the middle of a step."""
_is_closing = threading.Event()
_beginners = ThreadPoolExecutor(max_workers=1, thread_name_prefix="begin-runs")


class _Closing(BaseException):
    """This process ends while a run waits. Not an `Exception`: DBOS would store that as the end of the run."""


class _Broken(Exception):
    """A step broke. Names the defect without its text, which may repeat a cell or an answer."""


def _is_databases_fault(error: BaseException) -> bool:
    """Say whether doing the step again may help: a locked or full database often frees up."""
    return isinstance(error.__cause__, DatabaseError)


@DBOS.step(
    name="advance",
    retries_allowed=True,
    max_attempts=_TRIES_AT_DATABASE,
    interval_seconds=0.5,
    should_retry=_is_databases_fault,
)
def _advance(run_id: str) -> str:
    try:
        return _advanced(run_id)
    except Exception as error:
        if not _is_closing.is_set():
            _log.error("a step of run %s broke: %s", run_id, traced(error))
        raise _Broken(words(error)) from error


def _advanced(run_id: str) -> str:
    _under_way.add(run_id)
    try:
        with database_work():
            state = advance(UUID(run_id))
    finally:
        _under_way.discard(run_id)
    if state != WAITS:
        return state
    _wait_for_rows(UUID(run_id))
    return GO_ON


def _wait_for_rows(run: UUID) -> None:
    """Wait while rows of a run are asked, which the foreman of a process does; no connection is held meanwhile."""
    watch, pause = RowsWatch(run), _SHORTEST_LOOK_SECONDS
    while True:
        with database_work():
            if not watch.is_waiting():
                return
        if _is_closing.wait(pause):
            raise _Closing
        pause = min(2 * pause, _LONGEST_LOOK_SECONDS)


@DBOS.workflow(name="run-app", serialization_type=WorkflowSerializationFormat.PORTABLE)
def run_app(run_id: str) -> str:
    """Take one step after the other until the run is over; returns its final state."""
    state = GO_ON
    while state == GO_ON:
        try:
            state = _advance(run_id)
        except Exception as error:
            if _is_closing.is_set():
                raise
            if not isinstance(error, _Broken):  # which is in the log already
                _log.error("run %s broke: %s", run_id, traced(error))
            state = _interrupt(UUID(run_id))
    return state


def _interrupt(run: UUID) -> str:
    """End a broken run with words, as soon as the database takes them (a full disk may need somebody to act)."""
    while True:
        try:
            with database_work():
                return ending.interrupt(run)
        except DatabaseError:
            if _is_closing.wait(_DATABASE_PAUSE_SECONDS):
                raise


def launch(installation: Settings) -> None:
    """Start DBOS in this process; picks up the runs an earlier process left behind."""
    file = installation.home / "runs.sqlite3"
    if not installation.database_url:
        _write_ahead(file)
    config: DBOSConfig = {
        "name": "allotment",
        "system_database_url": installation.database_url or f"sqlite:///{file}",
        "application_version": WORKFLOW_VERSION,
        "executor_id": "here",
        "log_level": "CRITICAL",
        "max_executor_threads": _MOST_THREADS,
        "use_listen_notify": False,
    }
    _is_closing.clear()
    with database_work():
        left_behind = unfinished()
    DBOS(config=config)
    DBOS.launch()
    with database_work():
        for run in left_behind:
            _take_up(run)


def _write_ahead(file: Path) -> None:
    """Keep the file in SQLite's write-ahead mode, which stays with it: DBOS's commits then cost a fifth."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")


def _take_up(run: UUID) -> None:
    """Settle a run that an earlier process stored but DBOS does not bring back by itself.

    Never begun (the process ended in between): begin it now. Broken off beyond repair: say so.
    """
    status = DBOS.get_workflow_status(str(run))
    if status is None:
        begin(run)
    elif status.status not in ("PENDING", "ENQUEUED", "DELAYED"):
        ending.interrupt(run)


def close(patience_seconds: int) -> None:
    """Stop taking runs on; wait a little for steps under way, which are paid for. The rest resumes later."""
    _is_closing.set()
    DBOS.destroy(workflow_completion_timeout_sec=patience_seconds if _under_way else 0)


def begin_soon(run: UUID) -> None:
    """Begin a stored run from another thread, so that whoever stored it can answer at once."""
    _beginners.submit(begin, run)


def begin(run: UUID) -> None:
    """Start a stored run. Beginning the same run twice does nothing."""
    with SetWorkflowID(str(run)):
        DBOS.start_workflow(run_app, str(run))
