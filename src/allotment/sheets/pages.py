"""Pages of sheets: bring a file, see what it holds, correct it, use it.

Invariant: the way back leads to a form of an app of this installation, never to an address that a request names.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.kernel.errors import Conflict, Invalid, TooLarge
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority
from allotment.sheets import correcting, queries, receiving
from allotment.sheets.showing import (
    DELIMITERS,
    ENCODINGS,
    MOST_COLUMNS_SHOWN,
    chosen_kind,
    columns_shown,
    separator_name,
)
from allotment.tables.files import ENDINGS, Choice

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class _Back:
    """The form that wants a table; empty when nothing does."""

    slug: str = ""
    field: str = ""

    @property
    def query(self) -> str:
        return "?" + urlencode({"next": self.slug, "field": self.field}) if self.slug else ""

    @property
    def form(self) -> str:
        return reverse("runs:run", args=[self.slug]) if self.slug else ""

    def with_sheet(self, sheet_id: UUID) -> str:
        return f"{self.form}?{urlencode({self.field: f'sheet:{sheet_id}'}, safe=':')}"


@authority(Action.RUN_APP)
@require_http_methods(["GET", "POST"])
def bring(request: GovernedRequest) -> HttpResponse:
    """Choose a file, and receive it."""
    back = _back(request)
    if request.method == "GET":
        return _bring_page(request, back)
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or not upload.name or upload.file is None:
        return _bring_page(request, back, _("Choose a file first."))
    try:
        sheet = receiving.receive(request.actor, upload.name, upload.file)
    except (Invalid, TooLarge) as problem:
        return _bring_page(request, back, f"{problem.message} {problem.hint}")
    return redirect(reverse("sheets:preview", args=[sheet.id]) + back.query)


@authority(Action.RUN_APP)
@require_safe
def preview(request: GovernedRequest, sheet_id: UUID) -> HttpResponse:
    """Show what a sheet holds, and how else it could be read."""
    sheet = queries.sheet_for(request.actor, sheet_id)
    back = _back(request)
    hidden = max(0, len(sheet.columns) - MOST_COLUMNS_SHOWN)
    context = {
        "sheet": sheet,
        "back": back,
        "columns": columns_shown(sheet),
        "rows": [row[:MOST_COLUMNS_SHOWN] for row in sheet.about.first],
        "hidden_columns": hidden,
        "separator": separator_name(sheet.facts.delimiter),
        "delimiters": DELIMITERS,
        "encodings": ENCODINGS,
        "sheets": sheet.facts.sheets,
    }
    return render(request, "sheets/preview.html", context)


@authority(Action.RUN_APP)
@require_POST
def correct(request: GovernedRequest, sheet_id: UUID) -> HttpResponse:
    """Read columns as the person says; then show the sheet again, or take it to the form that wants it."""
    back = _back(request)
    sheet = queries.sheet_for(request.actor, sheet_id)
    wanted: dict[str, correcting.Wanted] = {}
    for place, name in enumerate(sheet.columns[:MOST_COLUMNS_SHOWN]):
        kind = chosen_kind(request.POST.get(f"kind-{place}", ""))
        if kind is not None:
            wanted[name] = kind
    is_for_use = request.POST.get("then") == "use" and bool(back.slug)
    try:
        after = correcting.correct(request.actor, sheet_id, wanted)
    except Conflict as problem:
        messages.error(request, f"{problem.message} {problem.hint}")
    else:
        if is_for_use:
            return redirect(back.with_sheet(sheet_id))
        if after.reading != sheet.reading:
            messages.success(request, _("The columns are read as you said."))
    return redirect(reverse("sheets:preview", args=[sheet_id]) + back.query)


@authority(Action.RUN_APP)
@require_POST
def read(request: GovernedRequest, sheet_id: UUID) -> HttpResponse:
    """Read the file differently."""
    try:
        receiving.read_again(request.actor, sheet_id, _choice(request))
    except (Conflict, Invalid, TooLarge) as problem:
        messages.error(request, f"{problem.message} {problem.hint}")
    else:
        messages.success(request, _("The file was read again."))
    return redirect(reverse("sheets:preview", args=[sheet_id]) + _back(request).query)


def _choice(request: GovernedRequest) -> Choice:
    row = request.POST.get("header_row", "").strip()
    if row and not (row.isascii() and row.isdigit() and len(row) < 5):  # noqa: PLR2004 - far below the first rows
        raise Invalid(
            _("“%(row)s” is not the number of a row.") % {"row": row[:20]},
            hint=_("Give a number such as 3, 0 if there are no headings, or nothing."),
        )
    return Choice(
        sheet=request.POST.get("sheet", "")[:200],
        header_row=int(row) if row else None,
        delimiter=request.POST.get("delimiter", "").replace("tab", "\t"),
        encoding=request.POST.get("encoding", "")[:40],
    )


def _back(request: GovernedRequest) -> _Back:
    """Return the form that the request names, if it can be one."""
    asked = request.POST if request.method == "POST" else request.GET
    slug, field = asked.get("next", ""), asked.get("field", "")
    return _Back(slug, field) if _SLUG.fullmatch(slug) and _FIELD.fullmatch(field) else _Back()


def _bring_page(request: GovernedRequest, back: _Back, problem: str = "") -> HttpResponse:
    context = {"back": back, "problem": problem, "accept": ",".join(f".{ending}" for ending in ENDINGS)}
    return render(request, "sheets/bring.html", context, status=422 if problem else 200)
