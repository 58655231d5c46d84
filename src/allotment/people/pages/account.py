"""One's own account, and setting it up with a link."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from allotment.engine.actions import Action
from allotment.kernel.errors import Conflict
from allotment.people import queries, renaming, setting_up
from allotment.people.forms import NameForm, SetUpForm
from allotment.people.models import Person
from allotment.people.pages.listing import role_rows
from allotment.people.requests import GovernedRequest
from allotment.people.rules import FIRST_ROLES
from allotment.people.setting_up import NewAccount
from allotment.web.declaring import declares

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@declares(Action.OWN_ACCOUNT)
@require_http_methods(["GET", "POST"])
def account(request: GovernedRequest) -> HttpResponse:
    """Show name, roles in words, spaces; store a new name."""
    found = queries.person(request.actor.person)
    form = NameForm(request.POST or None, initial={"name": found.name})
    if form.is_valid():
        renaming.rename(request.actor, form.cleaned_data["name"])
        messages.success(request, _("Your name is saved."))
        return redirect("people:account")
    context = {"form": form, "person": found, "roles": role_rows({role.value for role in found.roles})}
    return render(request, "people/account.html", context, status=422 if form.errors else 200)


@declares(Action.SIGN_IN)
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password with a set-up link and be signed in."""
    link = setting_up.open_link(secret)
    form = SetUpForm(request.POST or None, link=link)
    if form.is_valid():
        chosen = NewAccount(
            form.cleaned_data["name"], form.cleaned_data.get("email", ""), form.cleaned_data["password"]
        )
        try:
            person_id = setting_up.use_link(secret, chosen)
        except Conflict as error:
            form.add_error("email", f"{error.message} {error.hint}")
        else:
            login(request, Person.objects.get(id=person_id), backend=_BACKEND)
            messages.success(request, _("Welcome. Your account is ready."))
            return redirect("/")
    context = {"form": form, "link": link, "roles": role_rows({role.value for role in FIRST_ROLES})}
    return render(request, "people/set_up.html", context, status=422 if form.errors else 200)
