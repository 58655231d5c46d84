"""The page of the journal: what was done here, by whom, newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.journal.forms import FilterForm
from allotment.journal.queries import recent
from allotment.web.declaring import declares


@declares(Action.READ_JOURNAL)
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Show entries that match the filter, from `before` downwards."""
    form = FilterForm(request.GET)
    before = request.GET.get("before", "")
    starts_at = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None  # noqa: PLR2004 - 64 bits
    page = recent(form.wanted(), before=starts_at)
    kept = request.GET.copy()
    kept.pop("before", None)
    context = {"form": form, "page": page, "kept": kept.urlencode(), "is_later_page": starts_at is not None}
    return render(request, "journal/entries.html", context)
