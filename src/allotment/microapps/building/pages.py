"""The pages of the builder: the whole of it, one sentence being edited, and the buttons beside them.

Invariant: each address works without JavaScript, as a page or a redirect; htmx gets the same partials. What was typed
comes back when it does not fit or when somebody else saved meanwhile.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allotment.engine.actions import Action
from allotment.engine.spec.reading import from_plain
from allotment.kernel.errors import AllotmentError, Conflict, Invalid
from allotment.microapps import fixing, saving
from allotment.microapps.building import adding, steps
from allotment.microapps.building.draft import Draft, draft_of, readable_parts
from allotment.microapps.building.editors import (
    ADD,
    KEEP,
    SAVE,
    Do,
    Edited,
    Editor,
    FormEditor,
    asked,
    part_editor,
)
from allotment.microapps.building.forms import VersionForm
from allotment.microapps.building.naming import Plain
from allotment.microapps.building.showing import address, builder
from allotment.microapps.building.step_editors import lost_with, step_editor
from allotment.microapps.pages.frame import opened, rights, tabs
from allotment.people.requests import GovernedRequest
from allotment.policies.authority import authority

_PAGE = "microapps/builder/build.html"
_FRAGMENT = "microapps/builder/_changed.html"
_KEPT = "microapps/builder/_kept.html"
_DIGITS = 10
_INSIDE = "editor"
"""Puts the keyboard into the editor that was opened; any other focus names the sentence to go back to."""


@authority(Action.EDIT_APP)
@require_safe
def build(request: GovernedRequest, slug: str) -> HttpResponse:
    """Show the builder."""
    return _show(request, _draft(request, slug))


@authority(Action.EDIT_APP)
@require_http_methods(["GET", "HEAD", "POST"])
def part(request: GovernedRequest, slug: str, part: str) -> HttpResponse:
    """Edit the form, the sample, the result, or what the app is about."""
    draft = _draft(request, slug)
    return _edit(request, draft, part_editor(draft, part, _posted(request)))


@authority(Action.EDIT_APP)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: GovernedRequest, slug: str, name: str) -> HttpResponse:
    """Edit one step."""
    draft = _draft(request, slug)
    return _edit(request, draft, step_editor(draft, name, _posted(request)))


@authority(Action.EDIT_APP)
@require_POST
def add(request: GovernedRequest, slug: str) -> HttpResponse:
    """Add a step and open it."""
    draft = _draft(request, slug)
    plain = _with_step(draft, request.POST.get("kind", ""))
    return _store(request, draft, Edited(plain, steps.step_names(plain)[-1], stays=True), focus=_INSIDE)


@authority(Action.EDIT_APP)
@require_POST
def move(request: GovernedRequest, slug: str, name: str) -> HttpResponse:
    """Move a step up or down."""
    draft = _draft(request, slug)
    steps.step_at(draft.plain, name)
    by = -1 if request.POST.get("direction") == "up" else 1
    return _store(request, draft, Edited(steps.move_step(draft.plain, name, by), name))


@authority(Action.EDIT_APP)
@require_POST
def order(request: GovernedRequest, slug: str) -> HttpResponse:
    """Put the steps into the order they were dragged to."""
    draft = _draft(request, slug)
    plain = steps.order_steps(draft.plain, request.POST.getlist("order"))
    # The order alone is sent, and it names every step, so nobody's words can be lost by it.
    saving.save_working(draft.app.id, request.actor, plain, draft.app.working_revision)
    return HttpResponse(status=204)


@authority(Action.EDIT_APP)
@require_POST
def remove(request: GovernedRequest, slug: str, name: str) -> HttpResponse:
    """Remove a step and every use of what it made."""
    draft = _draft(request, slug)
    lost = lost_with(draft, name)
    words = " ".join((_("The step is gone."), *lost))
    return _store(request, draft, Edited(steps.remove_step(draft.plain, name), ""), said=words)


@authority(Action.EDIT_APP)
@require_POST
def leave_out(request: GovernedRequest, slug: str) -> HttpResponse:
    """Keep only what can be read of a broken spec."""
    draft = _draft(request, slug)
    said = _("What could not be read is left out.")
    return _store(request, draft, Edited(readable_parts(draft.app, draft.plain), ""), said=said)


@authority(Action.EDIT_APP)
@require_POST
def fix(request: GovernedRequest, slug: str) -> HttpResponse:
    """Apply the one-click fix of a check."""
    draft = _draft(request, slug)
    fixing.fix(draft.app.id, request.actor, request.POST.get("code", ""))
    return _changed(request, slug, said=_("Done. It is in your working copy."))


@authority(Action.EDIT_APP)
@require_POST
def version(request: GovernedRequest, slug: str) -> HttpResponse:
    """Save the working copy as a version."""
    draft = _draft(request, slug)
    form = VersionForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        number = saving.save_version(draft.app.id, request.actor, note)
    except AllotmentError as error:
        messages.error(request, _("Not saved as a version. %(message)s %(hint)s") % vars(error))
    else:
        messages.success(request, _("Saved as version %(number)s. It never changes.") % {"number": number})
    return redirect("microapps:build", slug=slug)


def _draft(request: GovernedRequest, slug: str) -> Draft:
    app, _context = opened(request, slug, Action.EDIT_APP)
    return draft_of(app, request.actor)


def _posted(request: GovernedRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _edit(request: GovernedRequest, draft: Draft, editor: Editor) -> HttpResponse:
    if request.method != "POST":
        return _show(request, draft, editor, focus=_INSIDE)
    do = asked(request.POST.get("do", SAVE))
    if not editor.is_valid(do):
        return _refuse(request, draft, editor, do, " ".join(editor.problems()))
    try:
        focus = _INSIDE if do.verb == "template" else ""
        return _store(request, draft, editor.applied(do), keeps=do.verb == KEEP, focus=focus)
    except Conflict as conflict:
        kept = _("What you typed is still here, not saved yet. Save again to put it into their version.")
        words = f"{conflict.message} {kept}"
        return _refuse(request, draft, editor, do, words, status=409)
    except Invalid as broken:
        return _refuse(request, draft, editor, do, f"{broken.message} {broken.hint}")


def _refuse(
    request: GovernedRequest, draft: Draft, editor: Editor, do: Do, words: str, status: int = 422
) -> HttpResponse:
    """Show the editor again with what was typed; an automatic save only says that it did not happen."""
    if do.verb == KEEP:
        return render(request, _KEPT, {"app": draft.app, "trouble": words}, status=200)
    return _show(request, draft, editor, trouble=words, status=status)


def _store(
    request: GovernedRequest,
    draft: Draft,
    edited: Edited,
    *,
    keeps: bool = False,
    said: str = "",
    focus: str = "",
) -> HttpResponse:
    """Save what changed and show it. Raises `Conflict` when somebody else saved since the page was loaded."""
    if edited.plain != draft.plain:
        if not draft.problems:
            from_plain(edited.plain)
        saving.save_working(draft.app.id, request.actor, edited.plain, _revision(request))
    if keeps:
        context = _context(request, _draft(request, draft.app.slug))
        return render(request, _KEPT, context | {"open": edited.key})
    return _changed(request, draft.app.slug, edited, said=said or edited.said, focus=focus or edited.key)


def _revision(request: GovernedRequest) -> int:
    """Return the revision the page knows: htmx sends the newest as `now`, a plain form the one it was made with."""
    said = request.POST.get("now") or request.POST.get("revision", "")
    return int(said) if said.isdecimal() and len(said) < _DIGITS else -1


def _changed(
    request: GovernedRequest, slug: str, edited: Edited | None = None, *, said: str = "", focus: str = ""
) -> HttpResponse:
    """Show the builder after a change: the parts to htmx, a redirect to everybody else."""
    key = edited.key if edited is not None and edited.stays else ""
    if not _is_htmx(request):
        if said:
            messages.success(request, said)
        return redirect(address(slug, key))
    draft = _draft(request, slug)
    editor = _editor(draft, key) if key else None
    if isinstance(editor, FormEditor) and request.POST.get("do") == ADD:
        editor.focus_last()
    return _show(request, draft, editor, said=said, focus=focus)


def _editor(draft: Draft, key: str) -> Editor:
    return part_editor(draft, key[1:]) if key.startswith("_") else step_editor(draft, key)


def _show(  # noqa: PLR0913 - the parts of one page
    request: GovernedRequest,
    draft: Draft,
    editor: Editor | None = None,
    *,
    said: str = "",
    trouble: str = "",
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    context = _context(request, draft, editor) | {"said": said, "trouble": trouble, "focus": focus}
    if editor is not None and not editor.key.startswith("_"):
        context["lost"] = lost_with(draft, editor.key)
    template = _FRAGMENT if _is_htmx(request) else _PAGE
    return render(request, template, context, status=status)


def _context(request: GovernedRequest, draft: Draft, editor: Editor | None = None) -> dict[str, Any]:
    may = rights(request.actor, draft.app)
    own = {"may": may, "tabs": tabs(draft.app, may, "microapps:build"), "version_form": VersionForm()}
    return builder(draft, editor) | own


def _is_htmx(request: GovernedRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _with_step(draft: Draft, kind: str) -> Plain:
    plain = draft.plain
    if kind == "read":
        return steps.add_read(plain, _("The document"))
    if kind == "choose":
        return steps.add_choose(plain)
    if kind in {"table", "chart"}:
        add_one = steps.add_table if kind == "table" else steps.add_chart
        return add_one(plain, _("The table"))
    if kind == "save":
        return steps.add_save(plain)
    return adding.with_for_each(draft) if kind == steps.FOR_EACH else adding.with_question(plain)
