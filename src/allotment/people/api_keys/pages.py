"""One's own keys: the list, what was asked with one, a new one, asking for the right to free words, and revoking."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.journal.calls import calls_made_with
from allotment.kernel.errors import Conflict
from allotment.kernel.settings import settings
from allotment.people.api_keys import freeing, issuing, owning, queries, revoking
from allotment.people.api_keys.forms import FreeFormForm, MakeKeyForm
from allotment.people.api_keys.rows import rows
from allotment.people.requests import GovernedRequest
from allotment.web.declaring import declares

_TICKET = re.compile(r"[0-9]{1,18}")


@declares(Action.MAKE_KEY)
@require_safe
def keys(request: GovernedRequest) -> HttpResponse:
    """List one's own keys, and show how to use one."""
    found = rows(queries.keys_of(request.actor), request)
    context = {
        "usable": [row for row in found if not row.key.is_over],
        "over": [row for row in found if row.key.is_over],
        "address": _address(),
        "may_see_all": request.may(Action.SEE_KEYS),
    }
    return render(request, "people/keys.html", context)


@declares(Action.MAKE_KEY)
@never_cache
@require_http_methods(["GET", "POST"])
def make_key(request: GovernedRequest) -> HttpResponse:
    """Make a key; the answer shows its text, once."""
    form = MakeKeyForm(request.POST or None, apps=owning.apps_of(request.actor))
    if form.is_valid():
        try:
            issued = issuing.issue(request.actor, form.wanted())
        except Conflict as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return render(request, "people/new_key.html", {"issued": issued, "address": _address()})
    return render(request, "people/make_key.html", {"form": form}, status=422 if form.errors else 200)


@declares(Action.MAKE_KEY)
@require_http_methods(["GET", "POST"])
def ask_free_form(request: GovernedRequest, key_id: UUID) -> HttpResponse:
    """Ask an officer for the right to free words."""
    key = queries.key(key_id)
    request.require(Action.MAKE_KEY, key.resource)
    form = FreeFormForm(request.POST or None)
    if form.is_valid():
        freeing.ask_for_free_form(request.actor, key_id, form.cleaned_data["reason"])
        messages.success(request, _("An officer decides. You see it in the list of your keys."))
        return redirect("people:keys")
    return render(
        request, "people/ask_free_form.html", {"form": form, "key": key}, status=422 if form.errors else 200
    )


@declares(Action.MAKE_KEY)
@require_safe
def calls(request: GovernedRequest, key_id: UUID) -> HttpResponse:
    """List what was asked with a key of one's own, newest first, each with its receipt."""
    key = queries.key(key_id)
    request.require(Action.MAKE_KEY, key.resource)
    before = request.GET.get("before", "")
    starts_at = int(before) if _TICKET.fullmatch(before) else None
    found = calls_made_with(key_id, key.person, starts_at)
    return render(request, "people/calls.html", {"key": key, "found": found, "is_later_page": bool(before)})


@declares(Action.REVOKE_KEY)
@require_POST
def revoke_key(request: GovernedRequest, key_id: UUID) -> HttpResponseRedirect:
    """End a key: one's own, or as an officer or administrator anybody's."""
    key = queries.key(key_id)
    request.require(Action.REVOKE_KEY, key.resource)
    revoking.revoke(request.actor, key_id)
    messages.success(request, _("The key is revoked. Nothing can be asked with it any more."))
    is_own = key.person == request.actor.person and request.may(Action.MAKE_KEY)
    return redirect("people:keys" if is_own else "people:all_keys")


def _address() -> str:
    return f"{settings().public_url}/v1"
