"""Everybody's keys, for officers, auditors and administrators; officers decide about free words."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from allotment.engine.actions import Action
from allotment.people.api_keys import freeing, queries
from allotment.people.api_keys.forms import GrantForm
from allotment.people.api_keys.rows import rows
from allotment.people.requests import GovernedRequest
from allotment.web.declaring import declares

_PER_PAGE = 50


@declares(Action.SEE_KEYS)
@require_safe
def all_keys(request: GovernedRequest) -> HttpResponse:
    """List everybody's keys, those that wait for a decision first."""
    search = request.GET.get("q", "").strip()[:100]
    page = Paginator(queries.matching_keys(search=search), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "search": search,
        "page": page,
        "query": urlencode({"q": search}),
        "rows": rows(queries.keys(tuple(page.object_list)), request),
        "waiting": rows(queries.keys(queries.matching_keys(waiting_only=True)[:_PER_PAGE]), request),
        "form": GrantForm(),
        "may_grant": request.may(Action.GRANT_FREE_FORM),
        "may_make": request.may(Action.MAKE_KEY),
    }
    return render(request, "people/all_keys.html", context)


@declares(Action.GRANT_FREE_FORM)
@require_POST
def grant(request: GovernedRequest, key_id: UUID) -> HttpResponseRedirect:
    """Grant the right to free words, for a while."""
    request.require(Action.GRANT_FREE_FORM, queries.key(key_id).resource)
    form = GrantForm(request.POST)
    if form.is_valid():
        freeing.grant_free_form(request.actor, key_id, days=form.cleaned_data["days"])
        messages.success(request, _("Granted. It holds from the next call on, and ends by itself."))
    else:
        messages.error(request, _("Choose for how long. Nothing was granted."))
    return redirect("people:all_keys")


@declares(Action.GRANT_FREE_FORM)
@require_POST
def decline(request: GovernedRequest, key_id: UUID) -> HttpResponseRedirect:
    """Say no to free words."""
    request.require(Action.GRANT_FREE_FORM, queries.key(key_id).resource)
    freeing.decline_free_form(request.actor, key_id)
    messages.success(request, _("Not granted. The key goes on with approved templates."))
    return redirect("people:all_keys")


@declares(Action.GRANT_FREE_FORM)
@require_POST
def withdraw(request: GovernedRequest, key_id: UUID) -> HttpResponseRedirect:
    """Take the right to free words back."""
    freeing.withdraw_free_form(request.actor, key_id)
    messages.success(request, _("Taken back. It holds from the next call on."))
    return redirect("people:all_keys")
