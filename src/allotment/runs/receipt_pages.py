"""Pages of receipts: one to read, one to take away, and the program that checks them.

Invariant: whoever may see the outside of a run may see its receipt; the result goes only to those who may see that.
"""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.journal import proving
from allotment.journal.receipts import VERIFIER, trusted_key
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.kernel.errors import Unavailable
from allotment.people.queries import names
from allotment.policies.authority import GovernedRequest, authority
from allotment.prompts.queries import template_titles
from allotment.runs.receipts import Issued, receipt_file, receipt_for


@authority(Action.SEE_RUN)
@require_safe
def receipt(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Show a receipt in words, with its proof and how to check it."""
    found = receipt_for(request.actor, run_id)
    about, titles = found.receipt, template_titles()
    people = names([one for one in (about.person, about.approver) if one is not None])
    proof, unproved = _proof(found)
    steps = [
        {"line": line, "title": titles.get(line.template, line.template)}
        for line in about.steps
        if line.model
    ]
    context = {
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
        "proof": proof,
        "unproved": unproved,
        "leaf": leaf_hash(proof.body.encode()).hex() if proof else "",
        "root": read_checkpoint(proof.checkpoint).root.hex() if proof else "",
        "file_name": _file_name(about.run),
        "key": trusted_key(),
    }
    return render(request, "runs/receipt.html", context)


@authority(Action.SEE_RUN)
@require_safe
def file(request: GovernedRequest, run_id: UUID) -> HttpResponse:
    """Hand out the receipt as a file that anyone can check offline."""
    found = receipt_for(request.actor, run_id)
    response = HttpResponse(receipt_file(found), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(run_id)}"'
    return response


@authority(Action.SEE_RUN)
@require_safe
def verifier(_request: GovernedRequest) -> HttpResponse:
    """Hand out the program that checks receipts."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    return response


def _proof(found: Issued) -> tuple[proving.Proof | None, Unavailable | None]:
    try:
        return proving.prove(found.entry), None
    except Unavailable as error:
        return None, error


def _file_name(run: UUID) -> str:
    return _("receipt-%(run)s.json") % {"run": run.hex[-12:]}


def _seconds(started: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
