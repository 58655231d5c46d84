"""The list of people, one person, and inviting."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.engine.principals import Role
from allotment.kernel.errors import Conflict
from allotment.people import granting, inviting, joining, leaving, queries
from allotment.people.forms import InviteForm, RolesForm, SpacesForm
from allotment.people.inviting import HandedLink, Invitation
from allotment.people.requests import GovernedRequest
from allotment.people.roles import role_explanation, role_name
from allotment.web.declaring import declares

_PER_PAGE = 50


@dataclass(frozen=True)
class RoleRow:
    """A role as a checkbox or a line: its words and whether it is held."""

    value: str
    name: str
    explanation: str
    is_held: bool


def role_rows(held: Collection[str]) -> list[RoleRow]:
    """Return every role in words, those in `held` marked."""
    return [RoleRow(role.value, role_name(role), role_explanation(role), role.value in held) for role in Role]


@declares(Action.SEE_PEOPLE)
@require_safe
def people(request: GovernedRequest) -> HttpResponse:
    """List people, searchable by name, address and role."""
    search = request.GET.get("q", "").strip()[:100]
    role = next((role for role in Role if role.value == request.GET.get("role")), None)
    page = Paginator(queries.matching_people(search=search, role=role), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "search": search,
        "roles": role_rows({role.value} if role else ()),
        "page": page,
        "people": queries.people(tuple(page.object_list)),
        "query": urlencode({"q": search, "role": role.value if role else ""}),
        "may_manage": request.may(Action.MANAGE_PEOPLE),
    }
    return render(request, "people/people.html", context)


@declares(Action.MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: GovernedRequest) -> HttpResponse:
    """Invite somebody; the answer shows their set-up link, once."""
    form = InviteForm(request.POST or None, initial={"roles": [Role.COLLEAGUE.value]})
    if form.is_valid():
        invitation = Invitation(
            form.cleaned_data["name"], form.cleaned_data["email"], form.chosen_roles(), form.chosen_spaces()
        )
        try:
            return _show_link(request, inviting.invite(request.actor, invitation))
        except Conflict as error:
            form.add_error("email", f"{error.message} {error.hint}")
    context = {"form": form, "roles": role_rows(form["roles"].value() or ())}
    return render(request, "people/invite.html", context, status=422 if form.errors else 200)


@declares(Action.SEE_PEOPLE)
@require_safe
def person(request: GovernedRequest, person_id: UUID) -> HttpResponse:
    """Show one person: roles, spaces, and what an administrator can do."""
    found = queries.person(person_id)
    context = {
        "person": found,
        "roles": role_rows({role.value for role in found.roles}),
        "spaces_form": SpacesForm(initial={"spaces": [str(space.id) for space in found.spaces]}),
        "may_manage": request.may(Action.MANAGE_PEOPLE),
        "is_oneself": found.id == request.actor.person,
    }
    return render(request, "people/person.html", context)


@declares(Action.MANAGE_PEOPLE)
@require_POST
def set_roles(request: GovernedRequest, person_id: UUID) -> HttpResponseRedirect:
    """Store the ticked roles."""
    form = RolesForm(request.POST)
    if form.is_valid():
        granting.set_roles(request.actor, person_id, form.chosen_roles())
        messages.success(request, _("The roles are saved. They hold from the next click on."))
    return redirect("people:person", person_id)


@declares(Action.MANAGE_PEOPLE)
@require_POST
def set_spaces(request: GovernedRequest, person_id: UUID) -> HttpResponseRedirect:
    """Store the ticked spaces."""
    form = SpacesForm(request.POST)
    if form.is_valid():
        joining.set_spaces(request.actor, person_id, form.chosen_spaces())
        messages.success(request, _("The spaces are saved."))
    return redirect("people:person", person_id)


@declares(Action.MANAGE_PEOPLE)
@never_cache
@require_POST
def hand_link(request: GovernedRequest, person_id: UUID) -> HttpResponse:
    """Make a new set-up link and show it, once."""
    return _show_link(request, inviting.hand_new_link(request.actor, person_id))


@declares(Action.MANAGE_PEOPLE)
@require_POST
def deactivate(request: GovernedRequest, person_id: UUID) -> HttpResponseRedirect:
    """Close an account."""
    leaving.deactivate(request.actor, person_id)
    messages.success(request, _("The account is deactivated and signed out everywhere."))
    return redirect("people:person", person_id)


@declares(Action.MANAGE_PEOPLE)
@require_POST
def bring_back(request: GovernedRequest, person_id: UUID) -> HttpResponseRedirect:
    """Open an account again."""
    leaving.bring_back(request.actor, person_id)
    messages.success(
        request, _("The account is back. Hand over a new set-up link, so that they can sign in.")
    )
    return redirect("people:person", person_id)


def _show_link(request: GovernedRequest, link: HandedLink) -> HttpResponse:
    return render(request, "people/link.html", {"link": link, "person": queries.person(link.person)})
