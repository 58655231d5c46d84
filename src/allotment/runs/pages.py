"""Pages of runs: run once, follow, past results."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from allotment.engine.actions import Action
from allotment.engine.spec.app import App, FieldKind, ForEach
from allotment.llms.queries import default_model
from allotment.microapps.pages.frame import rights, tabs
from allotment.microapps.queries import app_for, runnable
from allotment.microapps.values import AppDetail
from allotment.policies.authority import GovernedRequest, authority
from allotment.runs import cancelling, durable, starting
from allotment.runs.forms import MOST_DOCUMENT_BYTES, form_for, initial_of
from allotment.runs.queries import PAGE_LENGTH, past_runs, run_for
from allotment.runs.table_fields import form_rows, received, sheets_asked_for
from allotment.runs.values import Progress, RunDetail

EXAMPLE = "example-documents"
"""Name of the hidden field that says: where no file is chosen, take the example's."""
LOOK = "look"
"""Name of the button that shows what is in a table before anything runs."""


@authority(Action.RUN_APP)
@require_http_methods(["GET", "POST"])
def run(request: GovernedRequest, slug: str) -> HttpResponse:
    """Show the form of a published app, and run it."""
    return _run(request, slug, trial=False)


@authority(Action.RUN_APP)
@require_http_methods(["GET", "POST"])
def trial(request: GovernedRequest, slug: str) -> HttpResponse:
    """Try the working copy of one's own app."""
    return _run(request, slug, trial=True)


def _run(request: GovernedRequest, slug: str, *, trial: bool) -> HttpResponse:
    app = app_for(request.actor, slug)
    if not trial and not app.is_runnable and app.is_looked_after_by(request.actor.person):
        return redirect("runs:trial", slug=app.slug)
    wanted = runnable(app.id, request.actor, draft=trial)
    spec = wanted.spec
    if request.method == "GET" or "sample" in request.POST:
        is_example = bool(request.GET.get("sample")) or "sample" in request.POST
        values = {**(spec.sample if is_example else {}), **sheets_asked_for(spec, request.GET, request.actor)}
        return _page(
            request,
            app,
            spec,
            form_for(spec, initial=initial_of(spec, values), with_example=is_example),
            trial=trial,
        )
    data, file_problems = received(spec, request.POST, request.FILES, request.actor)
    form = form_for(spec, data, request.FILES, with_example=EXAMPLE in request.POST)
    if LOOK in request.POST and not file_problems:
        initial = initial_of(spec, {name: str(data.get(name, "")) for name in form.fields})
        return _page(request, app, spec, form_for(spec, initial=initial), trial=trial)
    _check_uploads(form)
    for field, sentence in file_problems.items():
        form.add_error(field, sentence)
    if form.is_valid():
        try:
            uploads = {**_example_documents(request, spec), **_uploads(form)}
            started = starting.accept(wanted, request.actor, _raw(form), uploads)
        except starting.FormProblems as problems:
            for field, sentence in problems.problems.items():
                form.add_error(field if field in form.fields else None, sentence)
        else:
            return _started(request, started)
    if is_htmx(request):
        return render(request, "runs/_problems.html", {"form": form}, status=422)
    return _page(request, app, spec, form, trial=trial, status=422)


def is_htmx(request: GovernedRequest) -> bool:
    """Whether a part of a page asks, so that a fragment is the answer."""
    return request.headers.get("HX-Request") == "true"


def _started(request: GovernedRequest, started: UUID) -> HttpResponse:
    """Answer, and only then begin: a run at work would compete with this page for the interpreter."""
    try:
        return outcome(request, started) if is_htmx(request) else redirect("runs:detail", run_id=started)
    finally:
        durable.begin_soon(started)


def _raw(form: forms.Form) -> dict[str, str]:
    """Return the fields as text, the form in which the engine checks and a run stores them."""
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in form.cleaned_data.items()
        if value not in (None, "", []) and not hasattr(value, "read")
    }


def _uploads(form: forms.Form) -> dict[str, starting.Upload]:
    return {
        name: starting.Upload(value.name, value.read())
        for name, value in form.cleaned_data.items()
        if value is not None and hasattr(value, "read")
    }


def _example_documents(request: GovernedRequest, spec: App) -> dict[str, starting.Upload]:
    """Return the example's documents when the person asked for the example and chose no file of their own."""
    if EXAMPLE not in request.POST:
        return {}
    return {
        field.field: starting.Upload("example.txt", spec.sample[field.field].encode())
        for field in spec.form
        if field.kind is FieldKind.DOCUMENT and spec.sample.get(field.field)
    }


def _check_uploads(form: forms.Form) -> None:
    for name, upload in form.files.items():
        if not isinstance(form.fields.get(name), forms.FileField):
            continue
        size = upload.size if isinstance(upload, UploadedFile) else None
        if size is not None and size > MOST_DOCUMENT_BYTES:
            words = _("This file has %(size).1f MB; 5 MB is the most. Choose a smaller one.")
            form.add_error(name, words % {"size": size / 1024 / 1024})


def _page(  # noqa: PLR0913 - the parts of one page
    request: GovernedRequest,
    app: AppDetail,
    spec: App,
    form: forms.Form,
    *,
    trial: bool,
    run: RunDetail | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "app": app,
        "tabs": tabs(
            app, rights(request.actor, app), "runs:trial" if trial and not app.is_runnable else "runs:run"
        ),
        "form": form,
        "rows": list(form_rows(spec, form, request.actor)),
        "run": run,
        "is_trial": trial,
        "may_edit": app.is_looked_after_by(request.actor.person),
        "form_title": _("Ask again") if run else (_("Try it") if trial else _("Run once")),
        "run_url": reverse("runs:trial" if trial else "runs:run", args=[app.slug]),
        "has_sample": bool(spec.sample),
        "model": default_model(),
        "asks_rows": any(isinstance(step, ForEach) for step in spec.steps),
    }
    if run is not None:
        context |= _following(run)
    return render(request, "runs/run.html", context, status=status)


def _following(run: RunDetail, fragment_url: str = "") -> Mapping[str, Any]:
    return {
        "stream_url": f"/events/runs/{run.id}",
        "run_page_url": reverse("runs:detail", args=[run.id]),
        "fragment_url": fragment_url,
        "progress": run.progress or Progress(_("Waiting for its turn…"), 0, 1),
    }


@authority(Action.SEE_RUN)
@require_GET
def detail(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Show one run: live while it works, then its result, its receipt and the form to ask again."""
    found = run_for(request.actor, run_id)
    app = app_for(request.actor, found.app_id)
    form = form_for(found.spec, initial=initial_of(found.spec, found.form))
    return _page(request, app, found.spec, form, trial=found.is_trial, run=found)


@authority(Action.SEE_RUN)
def outcome(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Return the outcome alone, for the page that follows a run."""
    found = run_for(request.actor, run_id)
    again = reverse("runs:outcome", args=[run_id])
    return render(request, "runs/_outcome.html", {"run": found, **_following(found, again)})


@authority(Action.RUN_APP)
@require_POST
def cancel(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Cancel one's own run."""
    run_for(request.actor, run_id)
    cancelling.cancel(run_id, request.actor)
    return redirect("runs:detail", run_id=run_id)


@authority(Action.RUN_APP)
@require_GET
def results(request: GovernedRequest, slug: str) -> HttpResponse:
    """List one's own runs of an app."""
    app = app_for(request.actor, slug)
    start = _start(request)
    runs, has_more = past_runs(request.actor, app=app.id, start=start)
    return render(
        request,
        "runs/results.html",
        {
            "app": app,
            "tabs": tabs(app, rights(request.actor, app), "runs:results"),
            "runs": runs,
            **_neighbours(start, has_more),
        },
    )


@authority(Action.SEE_RUN)
@require_GET
def all_results(request: GovernedRequest) -> HttpResponse:
    """List everything this person ran."""
    start = _start(request)
    runs, has_more = past_runs(request.actor, start=start)
    return render(request, "runs/all_results.html", {"runs": runs, **_neighbours(start, has_more)})


def _start(request: GovernedRequest) -> int:
    text = request.GET.get("start", "0")
    return int(text) if text.isdigit() and len(text) < 9 else 0  # noqa: PLR2004 - far beyond any list


def _neighbours(start: int, has_more: bool) -> dict[str, int | None]:
    return {
        "previous_start": max(0, start - PAGE_LENGTH) if start else None,
        "next_start": start + PAGE_LENGTH if has_more else None,
    }
