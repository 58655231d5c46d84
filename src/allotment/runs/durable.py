"""Durable execution on DBOS Transact: a run survives the process that started it.

Invariant: DBOS's database holds run ids and state words only, as portable JSON; content lives sealed in our
own tables. A finished step is a row in `RunStep`, so a restart goes on behind the last one.
"""

from uuid import UUID

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat

from allotment.kernel.settings import Settings
from allotment.runs.advancing import GO_ON, advance

WORKFLOW_VERSION = "1"
"""Raise it when a change to `run_app` itself could not resume runs started before it."""
_MOST_THREADS = 16

_under_way: set[str] = set()
"""Runs of this process that are in the middle of a step."""


@DBOS.step(name="advance")
def _advance(run_id: str) -> str:
    _under_way.add(run_id)
    try:
        return advance(UUID(run_id))
    finally:
        _under_way.discard(run_id)


@DBOS.workflow(name="run-app", serialization_type=WorkflowSerializationFormat.PORTABLE)
def run_app(run_id: str) -> str:
    """Take one step after the other until the run is over; returns its final state."""
    state = GO_ON
    while state == GO_ON:
        state = _advance(run_id)
    return state


def launch(installation: Settings) -> None:
    """Start DBOS in this process; picks up the runs an earlier process left behind."""
    config: DBOSConfig = {
        "name": "allotment",
        "system_database_url": installation.database_url or f"sqlite:///{installation.home / 'runs.sqlite3'}",
        "application_version": WORKFLOW_VERSION,
        "executor_id": "here",
        "log_level": "CRITICAL",
        "max_executor_threads": _MOST_THREADS,
        "use_listen_notify": False,
    }
    DBOS(config=config)
    DBOS.launch()


def close(patience_seconds: int) -> None:
    """Stop taking runs on; wait a little for steps under way, which are paid for. The rest resumes later."""
    DBOS.destroy(workflow_completion_timeout_sec=patience_seconds if _under_way else 0)


def begin(run: UUID) -> None:
    """Start a stored run. Beginning the same run twice does nothing."""
    with SetWorkflowID(str(run)):
        DBOS.start_workflow(run_app, str(run))
