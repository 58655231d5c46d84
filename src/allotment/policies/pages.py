"""The page “Who may do what here”."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.sentences import groups


@authority(Action.SEE_POLICIES)
@require_safe
def rules(request: GovernedRequest) -> HttpResponse:
    """Show every rule as a sentence, with its Cedar text behind it."""
    search = request.GET.get("q", "")[:100]
    return render(request, "policies/rules.html", {"groups": groups(search), "search": search})
