"""The settings of an app: title, purpose, data, deputy, space; handing over, parking, one-click fixes."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from allotment.engine.actions import Action
from allotment.kernel.errors import Conflict, Invalid
from allotment.microapps import fixing, handing_over, parking, settling
from allotment.microapps.forms import SettingsForm
from allotment.microapps.pages.frame import opened, show_error
from allotment.microapps.surroundings import makers, own_spaces
from allotment.microapps.values import AppDetail
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority


@authority(Action.EDIT_APP)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: GovernedRequest, slug: str) -> HttpResponse:
    """Show and change the settings of an app."""
    app, context = opened(request, slug, Action.EDIT_APP)
    deputies = [maker for maker in makers() if maker.id != app.owner.id]
    form = SettingsForm(app, deputies, own_spaces(request.actor), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, app, form)
        except (Invalid, Conflict) as error:
            show_error(form, error, getattr(error, "where", ""))
        else:
            messages.success(request, _("Saved."))
            return redirect("microapps:settings", slug=slug)
    status = 422 if form.errors else 200
    return render(request, "microapps/settings.html", context | {"form": form}, status=status)


@transaction.atomic
def _save(request: GovernedRequest, app: AppDetail, form: SettingsForm) -> None:
    said = form.cleaned_data
    settling.describe(app.id, request.actor, said["title"], said["purpose"], form.data_use)
    handing_over.name_deputy(app.id, request.actor, UUID(said["deputy"]) if said["deputy"] else None)
    settling.move_to_space(app.id, request.actor, UUID(said["space"]) if said["space"] else None)


@authority(Action.EDIT_APP)
@require_POST
def hand_over(request: GovernedRequest, slug: str) -> HttpResponse:
    """Make the deputy the owner."""
    app, _context = opened(request, slug, Action.EDIT_APP)
    handing_over.hand_over(app.id, request.actor)
    name = "" if app.deputy is None else app.deputy.name
    messages.success(request, _("%(name)s now owns “%(title)s”.") % {"name": name, "title": app.title})
    return redirect("microapps:about", slug=slug)


@authority(Action.PARK_APP)
@require_POST
def park(request: GovernedRequest, slug: str) -> HttpResponse:
    """Park an app."""
    app, _context = opened(request, slug, Action.PARK_APP)
    parking.park(app.id, request.actor)
    messages.success(
        request, _("“%(title)s” is parked. Nobody can run it; nothing of it is lost.") % {"title": app.title}
    )
    return redirect("microapps:about", slug=slug)


@authority(Action.PARK_APP)
@require_POST
def restore(request: GovernedRequest, slug: str) -> HttpResponse:
    """Bring a parked app back."""
    app, _context = opened(request, slug, Action.PARK_APP)
    parking.restore(app.id, request.actor)
    messages.success(request, _("“%(title)s” is back.") % {"title": app.title})
    return redirect("microapps:about", slug=slug)


@authority(Action.EDIT_APP)
@require_POST
def fix(request: GovernedRequest, slug: str) -> HttpResponse:
    """Apply a one-click fix, then go back to where it was offered."""
    app, _context = opened(request, slug, Action.EDIT_APP)
    fixing.fix(app.id, request.actor, request.POST.get("code", ""))
    messages.success(request, _("Done. It is in your working copy."))
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/"):
        return redirect(back)
    return redirect("microapps:build", slug=slug)
