"""Pages for reading templates: the library, one version, what changed, trying the wording, a file to take along."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from allotment.engine.actions import Action
from allotment.engine.asking import Message
from allotment.engine.templates import Slot, fill
from allotment.kernel.errors import Invalid
from allotment.policies.authority import GovernedRequest, authority
from allotment.policies.deciding import decide
from allotment.prompts import exporting, queries
from allotment.prompts.differences import compare
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.permitting import may
from allotment.prompts.states import Category, State
from allotment.prompts.wording import pieces

_TRY = "try-"
_FIELD_KINDS = {"text": "short text", "list": "long text"}
_STATE_FILTERS = (*State.choices, ("recalled", _("Recalled")))


@dataclass(frozen=True)
class Row:
    """A template in the list: what apps may use of it, and what waits."""

    family: Template
    usable: TemplateVersion | None
    newest: TemplateVersion

    @classmethod
    def of(cls, family: Template) -> "Row":
        """Return the row of a family whose versions are listed, newest first."""
        versions: list[TemplateVersion] = family.listed  # type: ignore[attr-defined] # put there by `queries.families`
        return cls(
            family,
            next((version for version in versions if version.is_usable), None),
            versions[0],
        )

    @property
    def address(self) -> str:
        """Where the row leads: to what apps use, else to what is newest."""
        return reverse("prompts:version", args=(self.family.name, (self.usable or self.newest).number))


@dataclass(frozen=True)
class Trial:
    """A slot to try the wording with."""

    slot: Slot
    value: str
    error: str = ""

    @property
    def name(self) -> str:
        """The field's name."""
        return _TRY + self.slot.name

    @property
    def kind(self) -> str:
        """The field's kind."""
        return _FIELD_KINDS.get(self.slot.kind, self.slot.kind)


@authority(Action.SEE_TEMPLATE)
@require_safe
def library(request: GovernedRequest) -> HttpResponse:
    """List the templates."""
    search = request.GET.get("q", "").strip()[:100]
    category = _known(request.GET.get("category", ""), dict(Category.choices))
    state = _known(request.GET.get("state", ""), dict(_STATE_FILTERS))
    rows = [Row.of(family) for family in queries.families(search, category, state)]
    context = {
        "rows": rows,
        "search": search,
        "category": category,
        "categories": Category.choices,
        "state": state,
        "states": _STATE_FILTERS,
        "is_filtered": bool(search or category or state),
        "may_write": decide(request.actor, Action.WRITE_TEMPLATE).allowed,
        "waiting": [
            version
            for version in queries.awaiting_approval()
            if may(request.actor, Action.APPROVE_TEMPLATE, version)
        ],
    }
    return render(request, "prompts/library.html", context)


@authority(Action.SEE_TEMPLATE)
@require_safe
def template(request: GovernedRequest, name: str, number: int | None = None) -> HttpResponse:
    """Show one version, by default the one apps would be given."""
    return _show(request, queries.version_for_page(name, number))


@authority(Action.SEE_TEMPLATE)
@require_POST
def try_wording(request: GovernedRequest, name: str, number: int) -> HttpResponse:
    """Show what a model would be asked with these values. Nothing is asked and nothing is kept."""
    version = queries.version_for_page(name, number)
    values = {slot.name: request.POST.get(_TRY + slot.name, "") for slot in version.wording.slots}
    try:
        return _show(request, version, values, filled=fill(version.value(), values))
    except Invalid as problem:
        return _show(request, version, values, problem=problem)


@authority(Action.SEE_TEMPLATE)
@require_safe
def changes(request: GovernedRequest, name: str, number: int, since: int) -> HttpResponse:
    """Compare two versions."""
    before, after = queries.version_for_page(name, since), queries.version_for_page(name, number)
    context = {
        "before": before,
        "after": after,
        "family": after.family,
        "differences": compare(before.wording, after.wording),
    }
    return render(request, "prompts/changes.html", context)


@authority(Action.SEE_TEMPLATE)
@require_safe
def export_file(_request: GovernedRequest, name: str, number: int, tool: str) -> HttpResponse:
    """Hand over one version as a file."""
    exported = exporting.export(queries.version_for_page(name, number), tool)
    response = HttpResponse(exported.content, content_type=exported.media_type)
    response["Content-Disposition"] = f'attachment; filename="{exported.filename}"'
    return response


def _show(
    request: GovernedRequest,
    version: TemplateVersion,
    values: dict[str, str] | None = None,
    *,
    filled: tuple[Message, ...] = (),
    problem: Invalid | None = None,
) -> HttpResponse:
    actor, wording = request.actor, version.wording
    wrong = problem.where.rpartition(".")[2] if problem else ""
    trials = [
        Trial(
            slot,
            slot.example if values is None else values[slot.name],
            problem.message if problem and slot.name == wrong else "",
        )
        for slot in wording.slots
    ]
    own = version.author_id == actor.person
    context = {
        "version": version,
        "family": version.family,
        "system": pieces(wording.system),
        "user_text": pieces(wording.user),
        "slots": wording.slots,
        "versions": version.family.versions.select_related("author", "approver", "recalled_by"),
        "earlier": queries.last_approved_before(version),
        "tools": exporting.TITLES,
        "trials": trials,
        "filled": filled,
        "may_write": may(actor, Action.WRITE_TEMPLATE, version),
        "may_edit": own and version.state == State.DRAFT and may(actor, Action.WRITE_TEMPLATE, version),
        "may_decide": version.state == State.PROPOSED and may(actor, Action.APPROVE_TEMPLATE, version),
        "may_retire": version.is_usable and may(actor, Action.RECALL_TEMPLATE, version),
        "waits_for_others": version.state == State.PROPOSED and own,
        "may_recall": version.decided_at is not None
        and not version.is_recalled
        and may(actor, Action.RECALL_TEMPLATE, version),
    }
    status = 422 if problem else 200
    return render(request, "prompts/template.html", context, status=status)


def _known(value: str, choices: dict[str, object]) -> str:
    return value if value in choices else ""
