"""The saved versions of an app: what changed in each, and going back to one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from allotment.engine.actions import Action
from allotment.microapps import queries, rolling_back
from allotment.microapps.comparing import compare
from allotment.microapps.pages.frame import number_in, opened
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority


@authority(Action.SEE_APP)
@require_safe
def versions(request: GovernedRequest, slug: str) -> HttpResponse:
    """List the versions, newest first."""
    app, context = opened(request, slug, Action.SEE_APP)
    return render(request, "microapps/versions.html", context | {"versions": queries.versions(app.id)})


@authority(Action.SEE_APP)
@require_safe
def version_diff(request: GovernedRequest, slug: str, number: int) -> HttpResponse:
    """Show what a version changed, against the one before or the one chosen with `?against=`."""
    app, context = opened(request, slug, Action.SEE_APP)
    listed = queries.versions(app.id)
    after = queries.version_spec(app.id, number)
    older = number_in(request.GET.get("against", ""), otherwise=number - 1)
    before = queries.version_spec(app.id, older) if older > 0 else None
    context |= {
        "number": number,
        "version": next(version for version in listed if version.number == number),
        "versions": listed,
        "older": older,
        "comparison": compare(before, after),
    }
    return render(request, "microapps/version_diff.html", context)


@authority(Action.EDIT_APP)
@require_POST
def roll_back(request: GovernedRequest, slug: str, number: int) -> HttpResponse:
    """Take an older version back into the working copy."""
    app, _context = opened(request, slug, Action.EDIT_APP)
    rolling_back.roll_back(app.id, request.actor, number)
    messages.success(
        request,
        _("You are editing version %(number)s again. What others run has not changed.") % {"number": number},
    )
    return redirect("microapps:build", slug=slug)
