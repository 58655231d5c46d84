"""Writing templates: a new family, a new draft, a changed draft.

Invariant: everything written is a draft of its author. Refuses: a taken name, unsound wording, other people's drafts.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.kernel.errors import Conflict, NotAllowed
from allotment.prompts.locking import facts_of, held, record
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.rules import refuse_editing
from allotment.prompts.slots import slot_to_data
from allotment.prompts.states import Category, Origin, State
from allotment.prompts.wording import Wording, require_sound

MAX_NAME = 60
_PAGES = frozenset({"new", "import"})
"""Names that are addresses of pages."""


@dataclass(frozen=True)
class About:
    """What a family says of itself."""

    title: str
    purpose: str = ""
    category: str = Category.WRITING


def name_for(title: str) -> str:
    """Return the name that a title gives: letters, digits and dashes."""
    name = slugify(title)[:MAX_NAME].strip("-_").replace("_", "-")
    return (
        name
        if name and name[0].isalpha() and name not in _PAGES
        else f"template-{name}".strip("-")[:MAX_NAME]
    )


@transaction.atomic
def new_family(
    about: About, wording: Wording, author: UUID, *, name: str = "", origin: Origin = Origin.WRITTEN
) -> TemplateVersion:
    """Start a template with a first draft. Raises `Conflict` when the name is taken."""
    require_sound(wording)
    name = name or name_for(about.title)
    if Template.objects.filter(name=name).exists():
        raise Conflict(
            _("There is a template named “%(name)s” already.") % {"name": name},
            hint=_("Give this one another title, or start a new version of that one."),
        )
    family = Template.objects.create(
        name=name, title=about.title, purpose=about.purpose, category=about.category, owner_id=author
    )
    return _add(family, wording, author, origin)


@transaction.atomic
def new_draft(
    family: UUID, wording: Wording, author: UUID, *, origin: Origin = Origin.WRITTEN
) -> TemplateVersion:
    """Start the next version of a template with this wording."""
    require_sound(wording)
    return _add(Template.objects.select_for_update().get(id=family), wording, author, origin)


def draft_from(version: TemplateVersion, author: UUID) -> TemplateVersion:
    """Return the author's open draft of this template, or a new one with the version's wording."""
    opened = version.family.versions.filter(state=State.DRAFT, author_id=author).first()
    return opened or new_draft(version.family_id, version.wording, author)


@transaction.atomic
def edit_draft(version: UUID, about: About, wording: Wording, author: UUID) -> TemplateVersion:
    """Change the wording of a draft and what its family says of itself."""
    draft = held(version)
    if refusal := refuse_editing(facts_of(draft), author):
        raise NotAllowed(refusal.message, hint=refusal.hint)
    require_sound(wording)
    family = draft.family
    family.title, family.purpose, family.category = about.title, about.purpose, about.category
    family.save(update_fields=("title", "purpose", "category"))
    _put(draft, wording)
    draft.save()
    record(Action.WRITE_TEMPLATE, author, draft, "edited")
    return draft


def _add(family: Template, wording: Wording, author: UUID, origin: Origin) -> TemplateVersion:
    latest = family.versions.aggregate(latest=Max("number"))["latest"] or 0
    draft = TemplateVersion(family=family, number=latest + 1, author_id=author, origin=origin)
    _put(draft, wording)
    draft.save()
    record(Action.WRITE_TEMPLATE, author, draft, "imported" if origin == Origin.IMPORTED else "started")
    return draft


def _put(draft: TemplateVersion, wording: Wording) -> None:
    draft.system, draft.user = wording.system, wording.user
    draft.slots = [slot_to_data(slot) for slot in wording.slots]
