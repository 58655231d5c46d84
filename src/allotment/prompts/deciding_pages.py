"""Pages for deciding on versions: approve or send back, recall, retire."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from allotment.engine.actions import Action
from allotment.kernel.errors import NotAllowed
from allotment.policies.authority import GovernedRequest, authority
from allotment.prompts import queries
from allotment.prompts.approving import approve, send_back
from allotment.prompts.differences import compare
from allotment.prompts.forms import ReasonForm
from allotment.prompts.locking import facts_of
from allotment.prompts.models import TemplateVersion
from allotment.prompts.permitting import require_for
from allotment.prompts.recalling import recall
from allotment.prompts.retiring import retire
from allotment.prompts.rules import Refusal, refuse_approval, refuse_recall
from allotment.prompts.wording import pieces


@authority(Action.APPROVE_TEMPLATE)
@require_http_methods(["GET", "HEAD", "POST"])
def decide_version(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Approve a proposed version or send it back."""
    version = queries.version_for_page(name, number)
    require_for(request.actor, Action.APPROVE_TEMPLATE, version)
    _stop_at(refuse_approval(facts_of(version), request.actor.person))
    form = ReasonForm(request.POST if request.POST.get("decision") == "send back" else None)
    if request.POST.get("decision") == "approve":
        approve(version.id, request.actor.person, seen_digest=request.POST.get("digest", ""))
        messages.success(
            request, _("Approved. Apps can use “%(version)s” now.") % {"version": version.reference}
        )
        return _to(version)
    if form.is_bound and form.is_valid():
        send_back(version.id, request.actor.person, form.cleaned_data["reason"])
        messages.success(request, _("Sent back. Its author reads your reason above the draft."))
        return _to(version)
    earlier = queries.last_approved_before(version)
    wording = version.wording
    context = {
        "version": version,
        "family": version.family,
        "earlier": earlier,
        "differences": compare(earlier.wording, wording) if earlier else None,
        "system": pieces(wording.system),
        "user_text": pieces(wording.user),
        "slots": wording.slots,
        "form": form,
    }
    return render(request, "prompts/decide.html", context, status=422 if form.errors else 200)


@authority(Action.RECALL_TEMPLATE)
@require_http_methods(["GET", "HEAD", "POST"])
def recall_version(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Stop the use of a version everywhere, after asking for the reason."""
    version = queries.version_for_page(name, number)
    require_for(request.actor, Action.RECALL_TEMPLATE, version)
    _stop_at(refuse_recall(facts_of(version)))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        recall(version.id, request.actor.person, form.cleaned_data["reason"])
        messages.success(
            request, _("Recalled. Nothing uses “%(version)s” any more.") % {"version": version.reference}
        )
        return _to(version)
    context = {"version": version, "family": version.family, "form": form}
    return render(request, "prompts/recall.html", context, status=422 if form.errors else 200)


@authority(Action.RECALL_TEMPLATE)
@require_POST
def retire_version(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Take an approved version out of use."""
    version = queries.version_for_page(name, number)
    require_for(request.actor, Action.RECALL_TEMPLATE, version)
    retire(version.id, request.actor.person)
    messages.success(
        request, _("Retired. Apps cannot use “%(version)s” any more.") % {"version": version.reference}
    )
    return _to(version)


def _stop_at(refusal: Refusal | None) -> None:
    if refusal:
        raise NotAllowed(refusal.message, hint=refusal.hint)


def _to(version: TemplateVersion) -> HttpResponse:
    return redirect("prompts:version", name=version.family.name, number=version.number)
