"""Reads of templates, for other features and for the pages.

Invariant: `approved_template` returns wording that a steward approved and that still has the approved digest;
every call looks, so a recall holds from the next call on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from allotment.engine.templates import Slot, template_digest
from allotment.engine.templates import Template as FillableTemplate
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.prompts.locking import facts_of
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.rules import refuse_use
from allotment.prompts.states import State

_REFERENCE = re.compile(r"([a-z][a-z0-9-]{0,59})@([1-9][0-9]{0,5})")


@dataclass(frozen=True)
class Summary:
    """An approved version, for choosing it."""

    reference: str
    name: str
    version: int
    title: str
    purpose: str
    category: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class VersionFacts:
    """Where one version stands, whoever may use it."""

    reference: str
    title: str
    state: str
    digest: str
    author: UUID | None
    approver: UUID | None
    decided_at: datetime | None
    recalled_at: datetime | None
    recall_reason: str


@dataclass(frozen=True)
class UsableVersion:
    """An approved version, ready to be filled, and who approved it."""

    template: FillableTemplate
    approver: UUID | None
    """None for those that come with Allotment."""


def approved_template(reference: str) -> FillableTemplate:
    """Return the version named `name@number` for use.

    Raises `NotFound` when there is none, and `NotAllowed` when it is not approved, retired, recalled, or not
    what was approved.
    """
    version = _version(reference)
    if refusal := refuse_use(facts_of(version)):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    template = version.value()
    if template_digest(template.system, template.user, template.slots) != template.digest:
        raise NotAllowed(
            _("The wording of “%(version)s” is not the wording that was approved.") % {"version": reference},
            hint=_("Tell an administrator: somebody changed it in the database."),
        )
    return template


def approved_templates() -> tuple[Summary, ...]:
    """Return the newest usable version of every template, by title."""
    usable = _usable().order_by("family__title", "family__name", "-number")
    newest: dict[UUID, TemplateVersion] = {}
    for version in usable:
        newest.setdefault(version.family_id, version)
    return tuple(_summary(version) for version in newest.values())


def usable_versions() -> tuple[UsableVersion, ...]:
    """Return every version that `approved_template` would return, newest first within each template."""
    found = []
    for version in _usable().order_by("family_id", "-number"):
        template = version.value()
        if template_digest(template.system, template.user, template.slots) == template.digest:
            found.append(UsableVersion(template, version.approver_id))
    return tuple(found)


def template_titles() -> Mapping[str, str]:
    """Return the title of every version by its reference `name@number`."""
    rows = TemplateVersion.objects.values_list("family__name", "number", "family__title")
    return {f"{name}@{number}": title for name, number, title in rows}


def version_of(reference: str) -> VersionFacts:
    """Return where a version stands. Raises `NotFound`."""
    version = _version(reference)
    return VersionFacts(
        reference=version.reference,
        title=version.family.title,
        state=version.state,
        digest=version.digest,
        author=version.author_id,
        approver=version.approver_id,
        decided_at=version.decided_at,
        recalled_at=version.recalled_at,
        recall_reason=version.recall_reason,
    )


def families(search: str = "", category: str = "", state: str = "") -> list[Template]:
    """Return the templates that match, each with `listed` (its versions, newest first)."""
    found = Template.objects.all()
    for word in search.split()[:8]:
        found = found.filter(
            Q(title__icontains=word) | Q(purpose__icontains=word) | Q(name__icontains=word.lower())
        )
    if category:
        found = found.filter(category=category)
    if state:
        found = _standing(found, state)
    listed = TemplateVersion.objects.defer("system", "user", "slots", "note").order_by("-number")
    return list(found.distinct().prefetch_related(Prefetch("versions", listed, to_attr="listed")))


def awaiting_approval() -> QuerySet[TemplateVersion]:
    """Return the proposed versions, oldest first."""
    proposed = TemplateVersion.objects.filter(state=State.PROPOSED)
    return proposed.select_related("family", "author").order_by("created_at")


def version_for_page(name: str, number: int | None = None) -> TemplateVersion:
    """Return one version; without a number the newest usable one, else the newest. Raises `NotFound`."""
    versions = TemplateVersion.objects.filter(family__name=name).select_related(
        "family__owner", "author", "approver", "recalled_by"
    )
    if number is not None:
        found = versions.filter(number=number).first()
    else:
        usable = versions.filter(state=State.APPROVED, recalled_at=None)
        found = usable.first() or versions.first()
    if found is None:
        raise _unknown(name if number is None else f"{name}@{number}")
    return found


def last_approved_before(version: TemplateVersion) -> TemplateVersion | None:
    """Return the newest approved version of the same template with a lower number."""
    earlier = version.family.versions.filter(number__lt=version.number, decided_at__isnull=False)
    return earlier.first()


def _standing(found: QuerySet[Template], state: str) -> QuerySet[Template]:
    if state == "recalled":
        return found.filter(versions__recalled_at__isnull=False)
    if state == State.APPROVED:
        return found.filter(versions__state=state, versions__recalled_at=None)
    return found.filter(versions__state=state)


def _usable() -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.filter(state=State.APPROVED, recalled_at=None).select_related("family")


def _summary(version: TemplateVersion) -> Summary:
    family = version.family
    return Summary(
        version.reference,
        family.name,
        version.number,
        family.title,
        family.purpose,
        family.category,
        version.wording.slots,
    )


def _version(reference: str) -> TemplateVersion:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise NotFound(
            _("“%(reference)s” does not name a version of a template.") % {"reference": reference[:80]},
            hint=_("Write the name and the number, such as “customer-reply@2”."),
        )
    version = (
        TemplateVersion.objects.select_related("family")
        .filter(family__name=match[1], number=int(match[2]))
        .first()
    )
    if version is None:
        raise _unknown(reference)
    return version


def _unknown(reference: str) -> NotFound:
    return NotFound(
        _("There is no template “%(reference)s”.") % {"reference": reference[:80]},
        hint=_("Look for it in the list of templates."),
    )
