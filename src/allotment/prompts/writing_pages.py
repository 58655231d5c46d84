"""Pages for writing templates: a new one, a draft, an import."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from allotment.engine.actions import Action
from allotment.kernel.errors import AllotmentError, Conflict, Invalid, NotAllowed, TooLarge
from allotment.policies.authority import GovernedRequest, authority
from allotment.prompts import queries
from allotment.prompts.forms import ImportForm, WordingEntry
from allotment.prompts.importing import land, read_file
from allotment.prompts.locking import facts_of
from allotment.prompts.models import TemplateVersion
from allotment.prompts.permitting import require_for
from allotment.prompts.proposing import propose
from allotment.prompts.rules import refuse_editing
from allotment.prompts.writing import About, draft_from, edit_draft, new_family


@authority(Action.WRITE_TEMPLATE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: GovernedRequest) -> HttpResponse:
    """Start a template."""
    if request.method != "POST":
        return _form(request, WordingEntry())
    entry = WordingEntry(request.POST)
    if not entry.is_valid():
        return _form(request, entry)
    try:
        draft = new_family(entry.about(), entry.wording(), request.actor.person)
    except Conflict as problem:
        entry.form.add_error("title", f"{problem.message} {problem.hint}")
        return _form(request, entry)
    return _kept(request, draft)


@authority(Action.WRITE_TEMPLATE)
@require_POST
def start_draft(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Start the next version from this one, or go on with the draft that is open."""
    version = queries.version_for_page(name, number)
    require_for(request.actor, Action.WRITE_TEMPLATE, version)
    draft = draft_from(version, request.actor.person)
    return redirect("prompts:edit", name=name, number=draft.number)


@authority(Action.WRITE_TEMPLATE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Change a draft."""
    draft = queries.version_for_page(name, number)
    require_for(request.actor, Action.WRITE_TEMPLATE, draft)
    if refusal := refuse_editing(facts_of(draft), request.actor.person):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    family = draft.family
    about = About(family.title, family.purpose, family.category)
    if request.method != "POST":
        return _form(request, WordingEntry(about=about, wording=draft.wording), draft)
    entry = WordingEntry(request.POST, about, draft.wording)
    if not entry.is_valid():
        return _form(request, entry, draft)
    edit_draft(draft.id, entry.about(), entry.wording(), request.actor.person)
    return _kept(request, draft)


@authority(Action.WRITE_TEMPLATE)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: GovernedRequest) -> HttpResponse:
    """Take over a file of another tool as a draft."""
    if request.method != "POST":
        return render(request, "prompts/import.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    problem: AllotmentError | None = None
    if form.is_valid():
        uploaded = form.cleaned_data["file"]
        filename = uploaded.name if uploaded else ""
        content = uploaded.read() if uploaded else form.cleaned_data["text"].encode()
        try:
            draft = land(read_file(filename, content), request.actor.person, filename=filename)
        except (Invalid, TooLarge) as error:
            problem = error
        else:
            messages.success(
                request, _("“%(title)s” is here as a draft. Nothing uses it yet.") % {"title": draft.family}
            )
            return redirect("prompts:edit", name=draft.family.name, number=draft.number)
    return render(request, "prompts/import.html", {"form": form, "problem": problem}, status=422)


def _form(
    request: GovernedRequest, entry: WordingEntry, draft: TemplateVersion | None = None
) -> HttpResponse:
    wrong = entry.form.errors or entry.wrong_slots
    context = {"entry": entry, "form": entry.form, "draft": draft}
    return render(request, "prompts/edit.html", context, status=422 if wrong else 200)


def _kept(request: GovernedRequest, draft: TemplateVersion) -> HttpResponse:
    """Propose when that button was pressed, else go on writing."""
    if request.POST.get("then") == "propose":
        propose(draft.id, request.actor.person)
        messages.success(
            request, _("Proposed. A steward who did not write it decides; the wording is locked now.")
        )
        return redirect("prompts:version", name=draft.family.name, number=draft.number)
    messages.success(request, _("Draft saved."))
    return redirect("prompts:edit", name=draft.family.name, number=draft.number)
