"""Starting an app: from a sentence, or from a starter in the gallery."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.kernel.errors import AllotmentError
from allotment.microapps import starters as library
from allotment.microapps.describing import Drafted
from allotment.microapps.describing import describe as make_described
from allotment.microapps.documenting import document
from allotment.microapps.forms import DescribeForm
from allotment.microapps.making import make_from_starter
from allotment.microapps.pages.frame import show_error
from allotment.microapps.pages.listing import home_page
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.deciding import decide, require


@authority(Action.MAKE_APP)
@require_POST
def describe(request: GovernedRequest) -> HttpResponse:
    """Make a draft from a sentence and go to the builder; what was typed stays when it cannot be used."""
    form = DescribeForm(request.POST)
    if form.is_valid():
        try:
            drafted = make_described(request.actor, form.cleaned_data["need"])
        except AllotmentError as error:
            show_error(form, error, "need")
        else:
            messages.success(request, _drafted_words(drafted))
            return redirect("microapps:build", slug=drafted.app.slug)
    return home_page(request, form, status=422)


@authority(Action.SEE_GALLERY)
@require_safe
def starters(request: GovernedRequest) -> HttpResponse:
    """Show the starters, searched and by category."""
    search = request.GET.get("q", "")[:100].strip()
    category = request.GET.get("category", "")
    context = {
        "starters": library.find_starters(search, category),
        "categories": library.categories(),
        "search": search,
        "category": category,
    }
    return render(request, "microapps/starters.html", context)


@authority(Action.SEE_GALLERY)
@require_http_methods(["GET", "HEAD", "POST"])
def starter(request: GovernedRequest, name: str) -> HttpResponse:
    """Show one starter; POST makes an app from it."""
    found = library.starter(name)
    if request.method == "POST":
        require(request.actor, Action.MAKE_APP)
        app = make_from_starter(request.actor, name)
        messages.success(
            request, _("“%(title)s” is yours. Only you can run it until you share it.") % {"title": app.title}
        )
        return redirect("microapps:build", slug=app.slug)
    labels = {field.field: field.label for field in found.app.form}
    context = {
        "starter": found,
        "document": document(found.app),
        "sample": [(labels.get(field, field), text) for field, text in found.app.sample.items()],
        "may_make": decide(request.actor, Action.MAKE_APP).allowed,
    }
    return render(request, "microapps/starter.html", context)


def _drafted_words(drafted: Drafted) -> str:
    if drafted.proposal.how == "model":
        return _("The connected model drafted this. Try it with the sample, then change what does not fit.")
    began = library.starter(drafted.proposal.starter).app.title
    return _("This begins from “%(starter)s”. Try it with the sample, then change what does not fit.") % {
        "starter": began
    }
