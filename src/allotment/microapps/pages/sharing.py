"""Sharing an app: choose who may run it, see what that means, publish or ask for a review."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from allotment.engine.actions import Action
from allotment.kernel.errors import Invalid
from allotment.microapps import publishing, reviewing, saving
from allotment.microapps.checking import checks_of_working
from allotment.microapps.documenting import reach_words
from allotment.microapps.forms import PublishForm
from allotment.microapps.pages.frame import opened, show_error
from allotment.microapps.rules import assess
from allotment.microapps.states import Audience
from allotment.microapps.surroundings import colleagues, own_spaces
from allotment.microapps.values import AppDetail
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority


@authority(Action.PUBLISH_APP)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: GovernedRequest, slug: str) -> HttpResponse:
    """Show what sharing means for each audience, and share."""
    app, context = opened(request, slug, Action.PUBLISH_APP)
    others = [one for one in colleagues() if one.id != app.owner.id]
    form = PublishForm(app, others, own_spaces(request.actor), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = _share(request, app, form)
        except Invalid as error:
            show_error(form, error, error.where)
        else:
            messages.success(request, _published_words(done))
            return redirect("microapps:about", slug=slug)
    checks = checks_of_working(app)
    context |= {
        "form": form,
        "assessments": [(Audience(one), assess(app.data, Audience(one))) for one in Audience],
        "stops": [check for check in checks if check.level == "stop"],
        "warnings": [check for check in checks if check.level == "warn"],
        "reach": reach_words(app.reach),
    }
    return render(request, "microapps/publish.html", context, status=422 if form.errors else 200)


@authority(Action.PUBLISH_APP)
@require_POST
def withdraw(request: GovernedRequest, slug: str) -> HttpResponse:
    """Take back what waits for a review."""
    app, _context = opened(request, slug, Action.PUBLISH_APP)
    reviewing.withdraw(app.id, request.actor)
    messages.success(request, _("Taken back. Nobody looks at it until you ask again."))
    return redirect("microapps:publish", slug=slug)


def _share(request: GovernedRequest, app: AppDetail, form: PublishForm) -> publishing.Published:
    if app.has_unsaved_changes:
        saving.save_version(app.id, request.actor, _("Saved for publishing"))
    return publishing.publish(app.id, request.actor, form.wanted)


def _published_words(done: publishing.Published) -> str:
    if done.is_running:
        return _("Version %(number)s is published. It runs from now on.") % {"number": done.number}
    return _("Version %(number)s waits for a reviewer. You will see here what they say.") % {
        "number": done.number
    }
