"""Reads of runs. Values out, never rows; what was typed and answered only for the person it belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Resource
from allotment.engine.spec.reading import from_plain
from allotment.kernel.errors import Erased, NotFound
from allotment.policies.deciding import decide, require
from allotment.prompts.queries import template_titles
from allotment.runs.events import Event, after
from allotment.runs.models import FINAL_STATES, Run, RunReceipt, RunState, RunStep
from allotment.runs.progress import masking_after
from allotment.runs.sealing import unseal
from allotment.runs.showing import shown_parts
from allotment.runs.telling import told_of
from allotment.runs.values import Progress, ReceiptStep, RunDetail, RunSummary, ShownPart

PAGE_LENGTH = 25


def resource(row: Run) -> Resource:
    """Return the run as the policy function sees it."""
    attributes = {"person": str(row.person_id), "app_owner": str(row.app.owner_id)}
    if row.space_id is not None:
        attributes["space"] = str(row.space_id)
    return Resource("Run", str(row.id), attributes)


def _rows() -> QuerySet[Run]:
    return Run.objects.select_related("app", "person")


def _row(run: UUID) -> Run:
    row = _rows().filter(id=run).first()
    if row is None:
        raise _absent()
    return row


def _absent() -> NotFound:
    return NotFound(
        "There is no such run, or it is not yours.", hint="Look for it under Past results of its app."
    )


def require_visible(run: UUID, actor: Actor | None) -> None:
    """Refuse somebody who may not see what this run holds; `NotFound` either way."""
    decision = decide(actor, Action.SEE_RUN, resource(_row(run)), {"content": True})
    if not decision.allowed:
        raise _absent()


def run_for(actor: Actor, run: UUID) -> RunDetail:
    """Return a run with its content to somebody who may see it."""
    row = _row(run)
    if not decide(actor, Action.SEE_RUN, resource(row), {"content": True}).allowed:
        raise _absent()
    steps = tuple(RunStep.objects.filter(run=row).order_by("finished_at", "id"))
    titles = template_titles() if steps else {}
    try:
        content = _content(row, steps)
    except Erased:
        content = _Content(is_erased=True)
    return RunDetail(
        **_summary_values(row),
        **vars(content),
        spec=from_plain(row.spec),
        digest=row.digest,
        steps=tuple(_receipt_step(step, titles) for step in steps),
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        has_receipt=RunReceipt.objects.filter(run=row).exists(),
    )


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    """The result of a run as it is stored, for those who may see it."""

    run: UUID
    app: UUID
    app_slug: str
    app_title: str
    version: int | None
    space: UUID | None
    person: UUID
    person_name: str
    finished: datetime
    form: dict[str, str]
    parts: list[dict[str, Any]]


def result_for(actor: Actor, run: UUID) -> StoredResult:
    """Return the result of a run; raises `NotFound` for one without, and `Erased`."""
    row = _row(run)
    if row.result is None or not decide(actor, Action.SEE_RUN, resource(row), {"content": True}).allowed:
        raise _absent()
    return StoredResult(
        run=row.id,
        app=row.app_id,
        app_slug=row.app.slug,
        app_title=row.spec["title"],
        version=row.version,
        space=row.space_id,
        person=row.person_id,
        person_name=row.person.name,
        finished=row.finished_at or row.created_at,
        form=unseal(row.form, column="form", run=row.id),
        parts=unseal(row.result, column="result", run=row.id),
    )


@dataclass(frozen=True)
class _Content:
    """What of a run is sealed; empty once it is erased."""

    form: dict[str, str] = field(default_factory=dict)
    parts: tuple[ShownPart, ...] = ()
    details_masked: int = 0
    last_event: int = 0
    partial: dict[str, str] = field(default_factory=dict)
    progress: Progress | None = None
    message: str = ""
    remedy: str = ""
    is_erased: bool = False


def _content(row: Run, steps: tuple[RunStep, ...]) -> _Content:
    masking = masking_after(steps, row.id)
    events = () if row.state in FINAL_STATES else after(row.id, 0)
    result: list[Any] = [] if row.result is None else unseal(row.result, column="result", run=row.id)
    return _Content(
        form=unseal(row.form, column="form", run=row.id),
        parts=shown_parts(result, masking),
        details_masked=masking.count,
        last_event=events[-1].number if events else 0,
        partial=_partial(events),
        progress=_progress(events),
        **vars(told_of(row)),
    )


def _progress(events: Sequence[Event]) -> Progress | None:
    """Return what was last told about how far the run is."""
    told = next((event.payload for event in reversed(events) if event.kind == "progress"), None)
    return None if told is None else Progress(told["words"], told.get("value", 0), told.get("max", 1))


def _partial(events: Iterable[Event]) -> dict[str, str]:
    """Return the text released so far, by step."""
    released: dict[str, str] = {}
    for event in events:
        if event.kind == "text":
            released[event.payload["step"]] = released.get(event.payload["step"], "") + event.payload["text"]
    return released


def _receipt_step(row: RunStep, titles: Mapping[str, str]) -> ReceiptStep:
    name, _, number = row.template.partition("@")
    return ReceiptStep(
        step=row.step,
        template_title=titles.get(row.template, name),
        template_number=int(number or 0),
        model=row.model,
        runs_here=row.runs_here,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        cost_nanodollars=row.cost_nanodollars,
        milliseconds=row.milliseconds,
        masked=row.masked,
        withheld=row.withheld,
        entry=row.entry,
        warnings=tuple(row.warnings),
    )


def _summary_values(row: Run) -> dict[str, Any]:
    return {
        "id": row.id,
        "app_id": row.app_id,
        "app_title": row.app.title,
        "app_slug": row.app.slug,
        "version": row.version,
        "person_id": row.person_id,
        "person_name": row.person.name,
        "state": row.state,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "cost_nanodollars": row.cost_nanodollars,
        "masked": row.masked,
        "withheld": row.withheld,
    }


def is_over(run: UUID) -> bool:
    """Say whether nothing more will happen to this run."""
    return Run.objects.filter(id=run, state__in=FINAL_STATES).exists()


def past_runs(
    actor: Actor, *, app: UUID | None = None, start: int = 0
) -> tuple[tuple[RunSummary, ...], bool]:
    """Return one page of this person's own runs, newest first, and whether more follow."""
    rows = _rows().filter(person_id=actor.person).order_by("-created_at")
    if app is not None:
        rows = rows.filter(app_id=app)
    part = list(rows.defer("spec", "form", "result", "told")[start : start + PAGE_LENGTH + 1])
    found = tuple(RunSummary(**_summary_values(row)) for row in part[:PAGE_LENGTH])
    return found, len(part) > PAGE_LENGTH


def runs_of_app(actor: Actor, app: UUID, *, start: int = 0) -> tuple[tuple[RunSummary, ...], bool]:
    """Return the outside of everybody's runs of an app (who, when, how it went) to those who oversee it."""
    rows = _rows().filter(app_id=app).order_by("-created_at")
    part = list(rows.defer("spec", "form", "result", "told")[start : start + PAGE_LENGTH + 1])
    for row in part[:1]:
        require(actor, Action.SEE_RUN, resource(row), {"content": False})
    found = tuple(RunSummary(**_summary_values(row)) for row in part[:PAGE_LENGTH])
    return found, len(part) > PAGE_LENGTH


def unfinished() -> tuple[UUID, ...]:
    """Return the runs that are not over, oldest first."""
    rows = Run.objects.filter(state__in=(RunState.WAITING, RunState.RUNNING)).order_by("created_at")
    return tuple(rows.values_list("id", flat=True))
