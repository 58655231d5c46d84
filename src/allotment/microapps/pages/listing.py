"""The start page, and the list of apps."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.microapps import queries
from allotment.microapps.forms import DescribeForm
from allotment.microapps.pages.frame import number_in
from allotment.microapps.starters import Starter, all_starters, starter
from allotment.microapps.states import State
from allotment.microapps.statistics import NEVER_RUN, RunStatistics, statistics
from allotment.microapps.surroundings import own_spaces
from allotment.microapps.values import AppFilter, AppSummary
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.deciding import decide

_SHOWN_FIRST = ("reply-to-a-customer", "minutes-to-actions", "sort-this-inbox", "weekly-report-from-notes")
_PAGE_LENGTH = 30
_HOME_LENGTH = 12
_HOME_SHARED = 6
_TILES = 4


@dataclass(frozen=True)
class Row:
    """An app in a table, with how often it ran and what it waits for."""

    app: AppSummary
    runs: RunStatistics
    needs: str = ""


@authority(Action.SEE_HOME)
@require_safe
def home(request: GovernedRequest) -> HttpResponse:
    """Ask what to stop doing by hand; below it the person's apps."""
    return home_page(request, DescribeForm())


def home_page(request: GovernedRequest, form: DescribeForm, status: int = 200) -> HttpResponse:
    """Show the start page with this form."""
    actor = request.actor
    may_make = decide(actor, Action.MAKE_APP).allowed
    mine = queries.visible_apps(actor, AppFilter(only_mine=True, latest_first=True, count=_HOME_LENGTH))
    shared = queries.visible_apps(actor, AppFilter(only_runnable=True, count=_HOME_LENGTH))
    others = [app for app in shared.apps if not app.is_looked_after_by(actor.person)][:_HOME_SHARED]
    may_review = decide(actor, Action.REVIEW_APP).allowed
    context = {
        "form": form,
        "may_make": may_make,
        "starters": _first_starters() if may_make else (),
        "starter_count": len(all_starters()),
        "mine": rows(mine.apps, with_needs=True),
        "others": rows(others),
        "waiting": queries.count_reviews_for(actor) if may_review else 0,
    }
    return render(request, "microapps/home.html", context, status=status)


@authority(Action.SEE_APP)
@require_safe
def apps(request: GovernedRequest) -> HttpResponse:
    """List the apps this person may know of."""
    start = number_in(request.GET.get("from", ""))
    spaces = own_spaces(request.actor)
    chosen = next((space.id for space in spaces if str(space.id) == request.GET.get("space")), None)
    wanted = AppFilter(
        search=request.GET.get("q", "")[:100].strip(),
        space=chosen,
        only_mine=request.GET.get("show") == "mine",
        with_parked=request.GET.get("show") == "parked",
        start=start,
        count=_PAGE_LENGTH,
    )
    found = queries.visible_apps(request.actor, wanted)
    context = {
        "rows": rows(found.apps),
        "total": found.total,
        "search": wanted.search,
        "spaces": spaces,
        "space": chosen,
        "show": request.GET.get("show", ""),
        "earlier": max(0, start - _PAGE_LENGTH) if start else None,
        "later": start + _PAGE_LENGTH if start + _PAGE_LENGTH < found.total else None,
        "may_make": decide(request.actor, Action.MAKE_APP).allowed,
    }
    return render(request, "microapps/apps.html", context)


def rows(apps: Sequence[AppSummary], *, with_needs: bool = False) -> tuple[Row, ...]:
    """Return these apps as rows of a table."""
    counted = statistics([app.id for app in apps])
    reasons = queries.reasons_sent_back([app.id for app in apps]) if with_needs else {}
    return tuple(
        Row(app, runs, _needs(app, runs, reasons) if with_needs else "")
        for app, runs in ((app, counted.get(app.id, NEVER_RUN)) for app in apps)
    )


def _needs(app: AppSummary, runs: RunStatistics, reasons: dict[UUID, str]) -> str:
    if app.id in reasons:
        return _("A reviewer asks: %(reason)s") % {"reason": reasons[app.id]}
    if app.state is State.DRAFT:
        return (
            _("Try it with a sample")
            if runs.last_run_at is None
            else _("Share it when you are happy with it")
        )
    return ""


def _first_starters() -> list[Starter]:
    known = {one.name for one in all_starters()}
    first = [starter(name) for name in _SHOWN_FIRST if name in known]
    return [*first, *(one for one in all_starters() if one not in first)][:_TILES]
