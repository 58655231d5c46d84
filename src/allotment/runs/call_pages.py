"""Pages of the receipts of programs' calls: what one call with an API key was, its proof, and the file to take away.

Invariant: a call is seen like a run from outside: by the person behind the key, by officers and auditors, as the
policies say; for everybody else it is not there. What was asked and answered is nowhere in it.
"""

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.engine.principals import Actor, Resource
from allotment.journal.calls import Call, call_made
from allotment.journal.receipts import evidence_of
from allotment.kernel.errors import NotFound
from allotment.policies.authority import GovernedRequest, authority
from allotment.policies.deciding import decide
from allotment.prompts.queries import template_titles
from allotment.runs.proof_shown import proof_shown
from allotment.runs.receipt_pages import file_name, handed_out


@authority(Action.SEE_RUN)
@require_safe
def call(request: GovernedRequest, call_id: UUID) -> HttpResponse:
    """Show the receipt of one call in words, with its proof and how to check it."""
    found = _call_for(request.actor, call_id)
    context = {
        "call": found,
        "template_title": template_titles().get(found.template, ""),
        "is_own": found.person == request.actor.person,
        "file_name": file_name(call_id),
        "file_url": reverse("runs:call_file", args=[call_id]),
        "again_url": reverse("runs:call", args=[call_id]),
        **proof_shown(found.entry),
    }
    return render(request, "runs/call.html", context)


@authority(Action.SEE_RUN)
@require_safe
def file(request: GovernedRequest, call_id: UUID) -> HttpResponse:
    """Hand out the receipt of a call, the same file a program gets, to check offline."""
    evidence = evidence_of(_call_for(request.actor, call_id).entry)
    return handed_out(msgspec.json.format(msgspec.json.encode(evidence), indent=1), file_name(call_id))


def _call_for(actor: Actor, call_id: UUID) -> Call:
    """Return a call to somebody who may see it; raises `NotFound`."""
    found = call_made(call_id)
    if found is None or not decide(actor, Action.SEE_RUN, _resource(found), {"content": False}).allowed:
        raise NotFound(
            _("There is no such call, or it is not yours."),
            hint=_("Look for it in the list of calls of its API key."),
        )
    return found


def _resource(found: Call) -> Resource:
    return Resource("Run", str(found.id), {"person": str(found.person)})
