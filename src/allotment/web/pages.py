"""The pages no feature owns: assets, the gallery of components, and what stands where a page should be."""

import sys

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.web import assets
from allotment.web.declaring import declares
from allotment.web.examples import example_context, sections
from allotment.web.explaining import Problem, problem_of, respond, unexpected
from allotment.web.explaining import not_found as nothing_here


@declares(Action.SIGN_IN)
@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Serve the stylesheet, an element or the brand mark; the sign-in page needs them too."""
    found = assets.asset(name)
    if found is None:
        raise Http404
    version = found.etag if name.endswith(".css") else request.GET.get("v", "")
    headers = found.headers(version)
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(found.body, content_type=found.content_type, headers=headers)


@declares(Action.SEE_GALLERY)
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component with every example, in both schemes."""
    return render(request, "web/gallery.html", {"sections": sections(), **example_context()})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return respond(request, problem_of(exception) or nothing_here())


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request Django itself refused (handler400 and handler403)."""
    problem = problem_of(exception) or Problem(
        400,
        "bad-request",
        gettext("The request could not be understood."),
        gettext("Go back, reload the page and try again."),
    )
    return respond(request, problem)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an error raised outside a view; a known one keeps its own words."""
    return respond(request, problem_of(sys.exc_info()[1]) or unexpected())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes its jargon
    """Answer a form whose protection token is missing or old."""
    problem = Problem(
        403,
        "form-too-old",
        gettext("This form was open too long, or cookies are switched off, so it was not sent."),
        gettext("Go back, reload the page and send it again. Copy what you typed first."),
    )
    return respond(request, problem)
