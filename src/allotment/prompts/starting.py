"""The templates that come with Allotment: approved from the first start, each in one file of `library/`.

Invariant: planting twice changes nothing; what people wrote under a name is never overwritten.
"""

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from allotment.engine.actions import Action
from allotment.kernel import clock
from allotment.kernel.errors import Invalid, Misconfigured
from allotment.prompts.formats.documents import listed, read_yaml, text_of
from allotment.prompts.formats.portable import Portable
from allotment.prompts.locking import record
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.slots import slot_to_data, slots_from_data
from allotment.prompts.states import Category, Origin, State
from allotment.prompts.wording import require_sound, worded

LIBRARY = Path(__file__).parent / "library"


def library(folder: Path = LIBRARY) -> Iterator[Portable]:
    """Yield the templates of a library folder; raises `Misconfigured` for one that cannot be used."""
    for path in sorted(folder.glob("*.yaml")):
        try:
            yield _starter(path)
        except Invalid as problem:
            raise Misconfigured(f"{path.name}: {problem.message}", hint=problem.hint) from problem


@transaction.atomic
def plant_library(folder: Path = LIBRARY) -> int:
    """Add the starters that are not there yet as approved version 1; return how many were added."""
    present = set(Template.objects.values_list("name", flat=True))
    planted = [_plant(starter) for starter in library(folder) if starter.name not in present]
    return len(planted)


def _starter(path: Path) -> Portable:
    data = read_yaml(path.read_text(encoding="utf-8"))
    slots = slots_from_data(listed(data, "slots"))
    wording = worded(text_of(data, "system"), text_of(data, "user"), slots)
    require_sound(wording)
    name, title, category = (text_of(data, key) for key in ("name", "title", "category"))
    if {slot.name for slot in slots} != {slot.name for slot in wording.slots}:
        raise Invalid(
            "The listed slots are not those of the wording.", hint="List exactly the slots in the text."
        )
    if not name or not title or category not in Category.values:
        raise Invalid("It needs a name, a title and a known category.", hint="Complete the file.")
    return Portable(name, title, text_of(data, "purpose"), category, wording)


def _plant(starter: Portable) -> TemplateVersion:
    family = Template.objects.create(
        name=starter.name, title=starter.title, purpose=starter.purpose, category=starter.category
    )
    version = TemplateVersion(
        family=family,
        number=1,
        system=starter.wording.system,
        user=starter.wording.user,
        slots=[slot_to_data(slot) for slot in starter.wording.slots],
        state=State.APPROVED,
        origin=Origin.STARTER,
        decided_at=clock.now(),
    )
    version.save()
    record(Action.APPROVE_TEMPLATE, None, version, "planted")
    return version
