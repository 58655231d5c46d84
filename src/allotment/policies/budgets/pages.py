"""The pages of budgets: what is used of each, one budget with its history, setting one, and one's own."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.engine.gate.budgets import Scope
from allotment.kernel.errors import Invalid, NotFound
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.budgets import queries, setting, wording
from allotment.policies.budgets.forms import BudgetForm
from allotment.policies.budgets.queries import Chosen
from allotment.policies.budgets.rules import NEAR_PERCENT

_UNPROCESSABLE = 422


@authority(Action.SEE_BUDGETS)
@require_safe
def budgets(request: GovernedRequest) -> HttpResponse:
    """Show every budget and what is used of it, who is near a limit first."""
    chosen = request.GET.get("for", "")
    scope = Scope(chosen) if chosen in set(Scope) else None
    found = queries.summaries(scope)
    near = [bar for one in found for bar in one.bars if bar.percent >= NEAR_PERCENT]
    context = {
        "budgets": found,
        "near": sorted(near, key=lambda bar: -bar.percent),
        "scope": scope,
        "is_all": scope is None,
        "tabs": _tabs(scope),
        "may_set": request.may(Action.SET_BUDGETS),
    }
    return render(request, "policies/budgets.html", context)


@authority(Action.OWN_ACCOUNT)
@require_safe
def my_budgets(request: GovernedRequest) -> HttpResponse:
    """Show somebody what they may use and what they used."""
    return render(request, "policies/my_budgets.html", {"bars": queries.bars_of(request.actor)})


@authority(Action.SEE_BUDGETS)
@require_safe
def budget(request: GovernedRequest, budget_id: UUID) -> HttpResponse:
    """Show one budget, who uses it, and how it came to be."""
    context = {
        "budget": queries.summary(budget_id),
        "history": queries.history(budget_id),
        "may_set": request.may(Action.SET_BUDGETS),
    }
    return render(request, "policies/budget.html", context)


@authority(Action.SET_BUDGETS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_budget(request: GovernedRequest, scope: str) -> HttpResponse:
    """Set a budget for one kind of thing, or for one thing of it."""
    if scope not in set(Scope):
        raise NotFound(
            _("There are no budgets of this kind."), hint=_("Choose one from the list of budgets.")
        )
    form = BudgetForm(request.POST or None, scope=Scope(scope), initial={"object": request.GET.get("object")})
    saved = _saved(request, form)
    if saved:
        return redirect("policies:budget", saved)
    context = {
        "form": form,
        "tabs": _tabs(Scope(scope)),
    }
    return _form_page(request, "policies/new_budget.html", context)


@authority(Action.SET_BUDGETS)
@require_http_methods(["GET", "HEAD", "POST"])
def change_budget(request: GovernedRequest, budget_id: UUID) -> HttpResponse:
    """Change how much a budget allows, or whom to ask for more."""
    chosen = queries.chosen(budget_id)
    form = BudgetForm(request.POST or None, scope=chosen.scope, changes=chosen)
    saved = _saved(request, form)
    if saved:
        return redirect("policies:budget", saved)
    context = {"form": form, "budget": queries.summary(budget_id)}
    return _form_page(request, "policies/change_budget.html", context)


@authority(Action.SET_BUDGETS)
@require_POST
def remove_budget(request: GovernedRequest, budget_id: UUID) -> HttpResponse:
    """Remove a budget, with a reason."""
    chosen, before = queries.chosen(budget_id), queries.summary(budget_id)
    try:
        setting.remove_budget(request.actor, budget_id, request.POST.get("reason", "")[:300])
    except Invalid as error:
        messages.error(request, f"{error.message} {error.hint}")
        return redirect("policies:budget", budget_id)
    messages.success(request, _removed(chosen, before.whom, before.size))
    return redirect("policies:budgets")


@dataclass(frozen=True)
class _Tab:
    value: str
    name: str
    is_current: bool


def _tabs(current: Scope | None) -> list[_Tab]:
    return [_Tab(one.value, str(wording.SCOPES[one]), one is current) for one in Scope]


def _saved(request: GovernedRequest, form: BudgetForm) -> UUID | None:
    """Set what was filled in and say what changed; None when there is something to mend, or nothing filled in."""
    if request.method != "POST" or not form.is_valid():
        return None
    new = form.new_budget()
    before = queries.in_force_instead(new.scope, new.object, new.measure, new.period)
    try:
        budget_id = setting.set_budget(request.actor, new)
    except Invalid as error:
        form.add_error(error.where if error.where in form.fields else None, f"{error.message} {error.hint}")
        return None
    now = queries.summary(budget_id)
    told = {"whom": now.whom, "size": now.size, "before": before or _("no limit")}
    messages.success(request, _("From now on: %(size)s for %(whom)s. Before: %(before)s.") % told)
    return budget_id


def _removed(chosen: Chosen, whom: str, size: str) -> str:
    now = queries.in_force_instead(chosen.scope, chosen.object, chosen.measure, chosen.period)
    told = {"whom": whom, "size": size, "now": now or _("no limit")}
    return _("Removed: %(size)s for %(whom)s. From now on: %(now)s.") % told


def _form_page(request: GovernedRequest, template: str, context: dict[str, object]) -> HttpResponse:
    form = context["form"]
    is_wrong = isinstance(form, BudgetForm) and bool(form.errors)
    return render(request, template, context, status=_UNPROCESSABLE if is_wrong else 200)
