"""Pages of batches: bring rows, match columns, start; follow, pause, cancel, try again; take the results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.documents.rows_writing import MEDIA_TYPES
from allotment.engine.actions import Action
from allotment.engine.spec.app import App, FormField
from allotment.kernel.errors import AllotmentError, NotFound
from allotment.microapps.pages.frame import opened, rights, tabs
from allotment.microapps.queries import app_for, runnable
from allotment.policies.authority import GovernedRequest, authority
from allotment.runs import cancelling
from allotment.runs.batches import finishing, foreman, queries, starting, taking_out
from allotment.runs.batches.answering import why_not_many
from allotment.sheets import queries as sheets
from allotment.sheets import receiving
from allotment.sheets.values import SheetView
from allotment.tables.files import ENDINGS

_ROWS_SHOWN = 3
_FIELD = "field-"


@dataclass(frozen=True)
class Match:
    """One field of the form, and the column that fills it."""

    field: FormField
    name: str
    """Of the control."""
    column: str
    first: tuple[str, ...]
    """What it gets in the first rows."""


@authority(Action.RUN_APP)
@require_http_methods(["GET", "POST"])
def many(request: GovernedRequest, slug: str) -> HttpResponse:
    """Bring a file with a row for each run."""
    app, context = opened(request, slug, Action.RUN_APP)
    wanted = runnable(app.id, request.actor)
    problem = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if isinstance(upload, UploadedFile) and upload.name and upload.file is not None:
            try:
                sheet = receiving.receive(request.actor, upload.name, upload.file)
            except AllotmentError as error:
                problem = f"{error.message} {error.hint}"
            else:
                return redirect("batches:match", slug=slug, sheet_id=sheet.id)
        else:
            problem = _("Choose a file first.")
    context |= {
        "why_not": why_not_many(wanted.spec),
        "batches": queries.batches_of(request.actor, app.id),
        "accept": ",".join(f".{ending}" for ending in ENDINGS),
        "problem": problem,
    }
    return render(request, "batches/many.html", context, status=422 if problem else 200)


@authority(Action.RUN_APP)
@require_safe
def template(request: GovernedRequest, slug: str, kind: str) -> HttpResponse:
    """Take a file with the right headings, to fill in."""
    app = app_for(request.actor, slug)
    content = taking_out.template_file(runnable(app.id, request.actor).spec, kind)
    disposition = f'attachment; filename="{app.slug}.{kind}"'
    media_type = MEDIA_TYPES[kind]
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})


@authority(Action.RUN_APP)
@require_http_methods(["GET", "POST"])
def match(request: GovernedRequest, slug: str, sheet_id: UUID) -> HttpResponse:
    """Say which column fills which field, see the first rows and what it will take; start."""
    app, context = opened(request, slug, Action.RUN_APP)
    wanted = runnable(app.id, request.actor)
    sheet = sheets.sheet_for(request.actor, sheet_id)
    chosen = _chosen(wanted.spec, sheet, request)
    problem = ""
    if request.method == "POST" and request.POST.get("do") == "start":
        same_once = "same_once" in request.POST
        try:
            batch = starting.start(request.actor, wanted, sheet_id, chosen, same_once=same_once)
        except AllotmentError as error:
            problem = f"{error.message} {error.hint}"
        else:
            return redirect("batches:detail", batch_id=batch)
    context |= {
        "sheet": sheet,
        "matches": [_match(field, chosen.get(field.field, ""), sheet) for field in wanted.spec.form],
        "columns": sheet.columns,
        "estimate": starting.estimate(app.id, sheet.rows),
        "may_once": wanted.spec.batch.same_once,
        "problem": problem,
    }
    return render(request, "batches/match.html", context, status=422 if problem else 200)


def _chosen(spec: App, sheet: SheetView, request: GovernedRequest) -> Mapping[str, str]:
    if request.method != "POST":
        return starting.guessed_matching(spec, sheet.columns)
    return {field.field: request.POST.get(_FIELD + field.field, "") for field in spec.form}


def _match(field: FormField, column: str, sheet: SheetView) -> Match:
    place = sheet.columns.index(column) if column in sheet.columns else None
    first = () if place is None else tuple(row[place] for row in sheet.about.first[:_ROWS_SHOWN])
    return Match(field, _FIELD + field.field, column, first)


@authority(Action.RUN_APP)
@require_safe
def detail(request: GovernedRequest, batch_id: UUID) -> HttpResponse:
    """Show one batch: how far it is, what went wrong, its results."""
    batch = queries.batch_for(request.actor, batch_id)
    app = app_for(request.actor, batch.app_id)
    of_run = "runs:trial" if batch.version is None else "runs:run"
    tab = of_run if batch.run else "batches:many"
    context = {"app": app, "tabs": tabs(app, rights(request.actor, app), tab), **_shown(batch)}
    return render(request, "batches/batch.html", context)


@authority(Action.RUN_APP)
@require_safe
def of_run(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Lead to the rows that a run of one's own asks about now, or asked about last; before the first, to the run."""
    batch = queries.latest_of_run(request.actor, run_id)
    return redirect("runs:detail", run_id) if batch is None else redirect("batches:detail", batch_id=batch)


@authority(Action.RUN_APP)
@require_safe
def progress(request: GovernedRequest, batch_id: UUID) -> HttpResponse:
    """Return how far a batch is, for the page that follows it."""
    batch = queries.batch_for(request.actor, batch_id)
    return render(request, "batches/_progress.html", _shown(batch))


def _shown(batch: queries.BatchView) -> dict[str, object]:
    return {
        "batch": batch,
        "troubles": queries.troubles(batch.id) if batch.failed or batch.unfit else (),
        "progress_url": reverse("batches:progress", args=[batch.id]),
    }


_ACTS: Mapping[str, tuple[Callable[[UUID, UUID], object], object]] = {
    "pause": (
        lambda batch, person: finishing.pause(batch, _("You paused it."), "", actor=person),
        gettext_lazy("Paused. Rows that are being asked are still finished."),
    ),
    "resume": (finishing.resume, gettext_lazy("It goes on.")),
    "cancel": (finishing.cancel, gettext_lazy("Cancelled. What is done stays.")),
    "retry": (finishing.retry, gettext_lazy("The rows that failed are asked again.")),
}


@authority(Action.RUN_APP)
@require_POST
def act(request: GovernedRequest, batch_id: UUID, what: str) -> HttpResponse:
    """Pause, resume, cancel a batch, or try its failed rows again."""
    batch = queries.batch_for(request.actor, batch_id)
    if what not in _ACTS:
        raise NotFound(_("There is no such button."), hint=_("Open the batch again."))
    do, words = _ACTS[what]
    if batch.run and what == "cancel":  # its rows are part of it
        cancelling.cancel(batch.run, request.actor)
        return redirect("runs:detail", batch.run)
    if do(batch.id, request.actor.person):
        messages.success(request, str(words))
    else:
        messages.info(request, _("Nothing changed: the batch had moved on."))
    foreman.nudge()
    return redirect("batches:detail", batch_id=batch.id)


@authority(Action.RUN_APP)
@require_safe
def results(request: GovernedRequest, batch_id: UUID, kind: str) -> HttpResponseBase:
    """Take the results with every original column."""
    batch = queries.batch_for(request.actor, batch_id)
    taken = taking_out.results_file(request.actor, batch.id, kind)
    name = f"{batch.app_slug}-results.{kind}"
    return FileResponse(taken.file, as_attachment=True, filename=name, content_type=taken.media_type)
