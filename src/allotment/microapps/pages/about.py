"""The readable page of one app, its YAML, and making a copy of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from allotment.engine.actions import Action
from allotment.engine.spec.app import App
from allotment.engine.spec.problems import BrokenSpec
from allotment.engine.spec.reading import from_plain
from allotment.microapps import exchanging, making, queries
from allotment.microapps.checking import checks_of, checks_of_working
from allotment.microapps.documenting import document, reach_words
from allotment.microapps.pages.frame import opened
from allotment.microapps.statistics import NEVER_RUN, statistics
from allotment.microapps.values import AppDetail
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority


@authority(Action.SEE_APP)
@require_safe
def about(request: GovernedRequest, slug: str) -> HttpResponse:
    """Tell what an app does, with what data, where that goes and who answers for it."""
    app, context = opened(request, slug, Action.SEE_APP)
    spec = _told(app)
    context |= {
        "document": None if spec is None else document(spec),
        "checks": checks_of_working(app) if spec is None else checks_of(app, spec),
        "reach": reach_words(app.reach)
        if app.published_number is not None
        else _("Nobody but the owner and the deputy"),
        "versions": queries.versions(app.id)[:5],
        "runs": statistics([app.id]).get(app.id, NEVER_RUN),
    }
    return render(request, "microapps/about.html", context)


@authority(Action.EDIT_APP)
@require_safe
def yaml(request: GovernedRequest, slug: str) -> HttpResponse:
    """Download the working copy as YAML."""
    app, _context = opened(request, slug, Action.EDIT_APP)
    text = exchanging.pull(request.actor, slug)
    return HttpResponse(
        text,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{app.slug}.yaml"'},
    )


@authority(Action.MAKE_APP)
@require_POST
def copy(request: GovernedRequest, slug: str) -> HttpResponse:
    """Make this person's own draft of an app they can see."""
    app, _context = opened(request, slug, Action.SEE_APP)
    own = making.copy(request.actor, app)
    messages.success(
        request, _("“%(title)s” is your own copy; change it as you like.") % {"title": own.title}
    )
    return redirect("microapps:build", slug=own.slug)


def _told(app: AppDetail) -> App | None:
    """Return the spec the page tells of: what others run, else the working copy; None while that is broken."""
    if app.published_number is not None:
        return queries.version_spec(app.id, app.published_number)
    try:
        return from_plain(app.working_plain)
    except BrokenSpec:
        return None
