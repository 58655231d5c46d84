"""How a run ends: done, stopped by the app, refused by a rule, or failed; with its receipt, and told to the page."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.kernel import clock
from allotment.runs.events import append
from allotment.runs.models import FINAL_STATES, Run, RunState
from allotment.runs.receipts import conclude
from allotment.runs.sealing import seal
from allotment.runs.telling import sealed_told


def finish(row: Run, parts: Sequence[Mapping[str, Any]]) -> str:
    """End a run with its result, part by part as plain data."""
    return _end(row, RunState.DONE, result=seal(parts, column="result", run=row.id, person=row.person_id))


def stop(row: Run, message: str) -> str:
    """End a run because a step of the app says so."""
    return _end(row, RunState.STOPPED, message=message)


def refuse(row: Run, reason: str, remedy: str) -> str:
    """End a run because a stage of the gate refused."""
    return _end(row, RunState.REFUSED, message=reason, remedy=remedy)


def fail(row: Run, message: str, remedy: str) -> str:
    """End a run because something did not work."""
    return _end(row, RunState.FAILED, message=message, remedy=remedy)


def cancel(row: Run) -> str:
    """End a run of somebody who is being erased; there is nobody to tell why."""
    return _end(row, RunState.CANCELLED)


def interrupt(run: UUID) -> str:
    """End a run that something unforeseen broke off."""
    row = Run.objects.get(id=run)
    return fail(
        row, _("Something unexpected broke this run off."), _("Run it again; what you typed is kept.")
    )


def _end(
    row: Run, state: RunState, *, message: str = "", remedy: str = "", result: bytes | None = None
) -> str:
    with transaction.atomic():
        kept = Run.objects.select_for_update().get(id=row.id)
        if kept.state in FINAL_STATES:
            return str(kept.state)
        kept.state, kept.finished_at = state, clock.now()
        kept.told, kept.result = sealed_told(kept, message, remedy), result
        kept.save(update_fields=("state", "finished_at", "told", "result"))
        conclude(kept)
        kind = "done" if state in (RunState.DONE, RunState.STOPPED) else "failed"
        append(row.id, kind, {"state": state.value, "message": message})
    return state.value
