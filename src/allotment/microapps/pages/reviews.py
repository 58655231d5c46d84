"""Reviews: one page for each decision, with what changed, what it touches and what the checks found."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from allotment.engine.actions import Action
from allotment.kernel.errors import Invalid
from allotment.microapps import queries, reviewing
from allotment.microapps.checking import checks_of
from allotment.microapps.comparing import compare
from allotment.microapps.documenting import document, reach_words
from allotment.microapps.rules import assess
from allotment.microapps.states import Outcome
from allotment.microapps.values import ReviewDetail
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.deciding import decide, require


@authority(Action.REVIEW_APP)
@require_safe
def reviews(request: GovernedRequest) -> HttpResponse:
    """List what waits for a decision and what was decided last."""
    context = {"pending": queries.pending_reviews(), "decided": queries.decided_reviews()}
    return render(request, "microapps/reviews.html", context)


@authority(Action.REVIEW_APP)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: GovernedRequest, review_id: UUID) -> HttpResponse:
    """Show one request, and decide on it."""
    found = queries.review(review_id)
    require(request.actor, Action.SEE_APP, queries.resource(found.app))
    problem, reason = "", request.POST.get("reason", "")[:1000]
    if request.method == "POST":
        try:
            return _decide(request, review_id, reason)
        except Invalid as error:
            problem = f"{error.message} {error.hint}"
    app = queries.app_for(request.actor, found.app.id)
    after = queries.version_spec(app.id, found.number)
    running = found.app.published_number
    before = queries.version_spec(app.id, running) if running and running != found.number else None
    context = {
        "review": found,
        "document": document(after),
        "comparison": compare(before, after),
        "running": running,
        "checks": checks_of(app, after),
        "data": after.data,
        "reach": reach_words(found.reach),
        "assessment": assess(after.data, found.reach.audience),
        "may_decide": found.outcome is Outcome.PENDING and _may_decide(request, found),
        "problem": problem,
        "reason": reason,
    }
    return render(request, "microapps/review.html", context, status=422 if problem else 200)


def _may_decide(request: GovernedRequest, found: ReviewDetail) -> bool:
    if request.actor.person in {found.author.id, found.requested_by.id}:
        return False
    return decide(request.actor, Action.REVIEW_APP, queries.resource(found.app)).allowed


def _decide(request: GovernedRequest, review_id: UUID, reason: str) -> HttpResponse:
    if request.POST.get("decision") == "approve":
        reviewing.approve(review_id, request.actor, request.POST.get("digest", ""))
        messages.success(request, _("Approved. It runs from now on."))
    else:
        reviewing.send_back(review_id, request.actor, reason)
        messages.success(request, _("Sent back. The owner reads what you wrote."))
    return redirect("microapps:reviews")
