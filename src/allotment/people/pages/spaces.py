"""Spaces and their members."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.kernel.errors import Conflict
from allotment.people import joining, queries
from allotment.people.forms import MembersForm, SpaceForm
from allotment.people.requests import GovernedRequest
from allotment.web.declaring import declares


@declares(Action.SEE_PEOPLE)
@require_safe
def spaces(request: GovernedRequest) -> HttpResponse:
    """List the spaces."""
    return render(
        request,
        "people/spaces.html",
        {"spaces": queries.all_spaces(), "may_manage": request.may(Action.MANAGE_SPACES)},
    )


@declares(Action.MANAGE_SPACES)
@require_http_methods(["GET", "POST"])
def new_space(request: GovernedRequest) -> HttpResponse:
    """Make a space."""
    form = SpaceForm(request.POST or None)
    if form.is_valid():
        try:
            space_id = joining.make_space(
                request.actor, form.cleaned_data["name"], form.cleaned_data["purpose"]
            )
        except Conflict as error:
            form.add_error("name", f"{error.message} {error.hint}")
        else:
            messages.success(request, _("The space is there. Choose who belongs to it."))
            return redirect("people:space", space_id)
    return render(request, "people/new_space.html", {"form": form}, status=422 if form.errors else 200)


@declares(Action.SEE_PEOPLE)
@require_safe
def space(request: GovernedRequest, space_id: UUID) -> HttpResponse:
    """Show one space and its members."""
    found = queries.space(space_id)
    members = queries.people_choices(space_id)
    context = {
        "space": found,
        "members": members,
        "members_form": MembersForm(initial={"people": [str(member.id) for member in members]}),
        "form": SpaceForm(initial={"name": found.name, "purpose": found.purpose}),
        "may_manage": request.may(Action.MANAGE_SPACES),
    }
    return render(request, "people/space.html", context)


@declares(Action.MANAGE_SPACES)
@require_POST
def change_space(request: GovernedRequest, space_id: UUID) -> HttpResponseRedirect:
    """Store a space's name and purpose."""
    form = SpaceForm(request.POST)
    if form.is_valid():
        joining.change_space(request.actor, space_id, form.cleaned_data["name"], form.cleaned_data["purpose"])
        messages.success(request, _("The space is saved."))
    else:
        messages.error(request, _("A space needs a name of at most 80 characters. Nothing was changed."))
    return redirect("people:space", space_id)


@declares(Action.MANAGE_SPACES)
@require_POST
def set_members(request: GovernedRequest, space_id: UUID) -> HttpResponseRedirect:
    """Store the ticked members."""
    form = MembersForm(request.POST)
    if form.is_valid():
        joining.set_members(request.actor, space_id, form.chosen_people())
        messages.success(request, _("The members are saved."))
    return redirect("people:space", space_id)
