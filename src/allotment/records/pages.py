"""Pages of records: browse, search, correct, remove, take out."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.microapps.pages.frame import number_in, opened
from allotment.microapps.queries import resource
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.policies.deciding import decide
from allotment.records import correcting, queries
from allotment.records.taking_out import taken_out
from allotment.records.values import SavedRecord, title_of

_LONG = 80
_MOST_CHARACTERS = 20_000


@authority(Action.SEE_RECORDS)
@require_safe
def collections(request: GovernedRequest, slug: str) -> HttpResponse:
    """List the collections of an app; with only one, open it."""
    app, context = opened(request, slug, Action.SEE_RECORDS)
    found = queries.collections(request.actor, app)
    if len(found) == 1:
        return redirect("records:collection", slug=app.slug, collection=found[0].name)
    return render(request, "records/collections.html", {**context, "collections": found})


@authority(Action.SEE_RECORDS)
@require_safe
def collection(request: GovernedRequest, slug: str, collection: str) -> HttpResponse:
    """Browse and search one collection."""
    app, context = opened(request, slug, Action.SEE_RECORDS)
    search, start = request.GET.get("search", "")[:200], number_in(request.GET.get("start", ""))
    page = queries.records(request.actor, app, collection, search=search, start=start)
    end = start + queries.PAGE_LENGTH
    context |= {
        "name": collection,
        "title": title_of(collection),
        "page": page,
        "rows": [(record, record.cells(page.columns)) for record in page.records],
        "search": search,
        "may_change": decide(request.actor, Action.CHANGE_RECORDS, resource(app)).allowed,
        "previous_start": max(0, start - queries.PAGE_LENGTH) if start else None,
        "next_start": end if end < page.found else None,
    }
    return render(request, "records/collection.html", context)


@authority(Action.SEE_RECORDS)
@require_safe
def file(request: GovernedRequest, slug: str, collection: str, kind: str) -> HttpResponse:
    """Take a whole collection out as a file: `xlsx` or `csv`."""
    app, _context = opened(request, slug, Action.SEE_RECORDS)
    taken = taken_out(request.actor, app, collection, kind)
    disposition = f'attachment; filename="{app.slug}-{collection}.{kind}"'
    return HttpResponse(
        taken.content, content_type=taken.media_type, headers={"Content-Disposition": disposition}
    )


@authority(Action.CHANGE_RECORDS)
@require_http_methods(["GET", "POST"])
def correct(request: GovernedRequest, slug: str, record_id: UUID) -> HttpResponse:
    """Correct one record."""
    app, context = opened(request, slug, Action.CHANGE_RECORDS)
    record = queries.record_for(request.actor, app, record_id)
    form = _form(record, request)
    if form.is_valid():
        texts = {name: form.cleaned_data[f"field{place}"] for place, name in enumerate(record.values)}
        changed = correcting.correct(request.actor, app, record_id, texts)
        messages.success(request, _("The record is corrected.") if changed else _("Nothing was changed."))
        return redirect("records:collection", slug=app.slug, collection=record.collection)
    context |= {"record": record, "title": title_of(record.collection), "form": form}
    return render(request, "records/correct.html", context, status=422 if form.is_bound else 200)


@authority(Action.CHANGE_RECORDS)
@require_POST
def remove(request: GovernedRequest, slug: str, record_id: UUID) -> HttpResponse:
    """Remove one record for good."""
    app, _context = opened(request, slug, Action.CHANGE_RECORDS)
    collection = correcting.remove(request.actor, app, record_id)
    messages.success(request, _("The record is removed. The journal notes that, without what it held."))
    return redirect("records:collection", slug=app.slug, collection=collection)


def _form(record: SavedRecord, request: GovernedRequest) -> forms.Form:
    """Return a field for each text; they go by number, because names of people’s columns may be anything."""
    form = forms.Form(request.POST if request.method == "POST" else None, auto_id="record-%s")
    for place, (name, text) in enumerate(record.values.items()):
        widget = forms.Textarea if len(text) > _LONG or "\n" in text else forms.TextInput
        field = forms.CharField(
            label=name, initial=text, required=False, strip=False, max_length=_MOST_CHARACTERS, widget=widget
        )
        field.widget.attrs.pop("maxlength", None)
        form.fields[f"field{place}"] = field
    return form
