"""Pages of the rows of a batch: which there are and how each went, and the receipt of each that was answered."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.microapps.pages.frame import rights, tabs
from allotment.microapps.queries import app_for
from allotment.policies.authority import GovernedRequest, authority
from allotment.runs.batches import queries
from allotment.runs.batches.listing_rows import PAGE_LENGTH, rows_from
from allotment.runs.batches.row_receipts import row_receipt_for
from allotment.runs.receipt_pages import handed_out, shown
from allotment.runs.receipts import receipt_file


@authority(Action.RUN_APP)
@require_safe
def rows(request: GovernedRequest, batch_id: UUID) -> HttpResponse:
    """List the rows of one's own batch, each with its answer and its receipt."""
    batch = queries.batch_for(request.actor, batch_id)
    app = app_for(request.actor, batch.app_id)
    start = _number(request.GET.get("start", ""))
    of_run = "runs:trial" if batch.version is None else "runs:run"
    context = {
        "app": app,
        "tabs": tabs(app, rights(request.actor, app), of_run if batch.run else "batches:many"),
        "batch": batch,
        "rows": rows_from(request.actor, batch_id, start),
        "previous_start": max(1, start - PAGE_LENGTH) if start > 1 else None,
        "next_start": start + PAGE_LENGTH if start + PAGE_LENGTH <= batch.stored else None,
    }
    return render(request, "batches/rows.html", context)


@authority(Action.SEE_RUN)
@require_safe
def receipt(request: GovernedRequest, batch_id: UUID, number: int) -> HttpResponse:
    """Show the receipt of one row in words, with its proof and how to check it."""
    found = row_receipt_for(request.actor, batch_id, number)
    own = {
        "file_url": reverse("batches:receipt_file", args=[batch_id, number]),
        "again_url": reverse("batches:receipt", args=[batch_id, number]),
        "up_url": reverse("batches:rows", args=[batch_id]),
        "file_name": _file_name(batch_id, number),
        "is_own": found.receipt.person == request.actor.person,
    }
    return render(request, "runs/receipt.html", {**shown(found), **own})


@authority(Action.SEE_RUN)
@require_safe
def receipt_of_row(request: GovernedRequest, batch_id: UUID, number: int) -> HttpResponse:
    """Hand out the receipt of one row as a file that anyone can check offline."""
    found = row_receipt_for(request.actor, batch_id, number)
    return handed_out(receipt_file(found), _file_name(batch_id, number))


def _file_name(batch: UUID, number: int) -> str:
    return _("receipt-%(batch)s-row-%(number)s.json") % {"batch": batch.hex[-12:], "number": number}


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1  # noqa: PLR2004 - far beyond any list
