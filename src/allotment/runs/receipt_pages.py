"""Pages of receipts: one to read, one to take away, and the program that checks them.

Invariant: whoever may see the outside of a run may see its receipt; the result goes only to those who may see that.
"""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.journal.calls import stage_words
from allotment.journal.receipts import VERIFIER
from allotment.people.queries import names
from allotment.policies.authority import GovernedRequest, authority
from allotment.prompts.queries import template_titles
from allotment.runs.proof_shown import proof_shown
from allotment.runs.receipts import Issued, receipt_file, receipt_for


@authority(Action.SEE_RUN)
@require_safe
def receipt(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Show a receipt in words, with its proof and how to check it."""
    found = receipt_for(request.actor, run_id)
    addresses = {
        "file_url": reverse("runs:receipt_file", args=[run_id]),
        "again_url": reverse("runs:receipt", args=[run_id]),
        "up_url": reverse("runs:detail", args=[run_id]),
    }
    return render(request, "runs/receipt.html", {**shown(found), **addresses})


@authority(Action.SEE_RUN)
@require_safe
def file(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Hand out the receipt as a file that anyone can check offline."""
    return handed_out(receipt_file(receipt_for(request.actor, run_id)), file_name(run_id))


@authority(Action.SEE_RUN)
@require_safe
def verifier(_request: GovernedRequest) -> HttpResponse:
    """Hand out the program that checks receipts."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    return response


def shown(found: Issued) -> dict[str, object]:
    """Return what `runs/receipt.html` shows of a receipt, but for the addresses of its file and its pages."""
    about, titles = found.receipt, template_titles()
    people = names([one for one in (about.person, about.approver) if one is not None])
    steps = [
        {"line": line, "title": titles.get(line.template, line.template)}
        for line in about.steps
        if line.model
    ]
    return {
        "receipt": about,
        "issued": found,
        "started_at": datetime.fromisoformat(about.started_at),
        "seconds": _seconds(about.started_at, about.ended_at),
        "person_name": people.get(about.person, ""),
        "approver_name": people.get(about.approver, "") if about.approver else "",
        "steps": steps,
        "masked": sum(sum(line.masked.values()) for line in about.steps),
        "withheld": sum(sum(line.withheld.values()) for line in about.steps),
        "warnings": list(dict.fromkeys(one for line in about.steps for one in line.warnings)),
        "stage": stage_words(about.ended.stage) if about.ended else "",
        "file_name": file_name(about.run),
        **proof_shown(found.entry),
    }


def handed_out(content: bytes, name: str) -> HttpResponse:
    """Return a receipt as a file to keep."""
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(of: UUID) -> str:
    """Name the file of a receipt."""
    return _("receipt-%(run)s.json") % {"run": of.hex[-12:]}


def _seconds(started: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
