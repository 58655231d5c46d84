"""The templates a step may ask with, by what they are for."""

from collections.abc import Mapping
from dataclasses import dataclass

from allotment.engine.templates import CHOICES, Slot
from allotment.microapps.building.naming import Plain, lines, mapping
from allotment.prompts.queries import Summary, approved_templates
from allotment.prompts.states import Category

_MADE = {
    Category.WRITING: "draft",
    Category.SORTING: "label",
    Category.EXTRACTING: "details",
    Category.SUMMARISING: "summary",
    Category.REPORTING: "report",
}
"""What a step that uses such a template makes, unless its maker says otherwise."""


@dataclass(frozen=True)
class Group:
    """Templates for one kind of work."""

    title: str
    templates: tuple[Summary, ...]


def groups() -> tuple[Group, ...]:
    """Return the approved templates by category."""
    found = approved_templates()
    grouped = (
        Group(str(category.label), tuple(one for one in found if one.category == category))
        for category in Category
    )
    return tuple(group for group in grouped if group.templates)


def usable() -> Mapping[str, Summary]:
    """Return the approved templates by reference, in the order they are offered."""
    return {one.reference: one for group in groups() for one in group.templates}


def made_by(template: Summary) -> str:
    """Return what to call what a step with this template makes."""
    return _MADE[Category(template.category)]


def is_born_name(name: str) -> bool:
    """Whether a step still has the name it was added with."""
    return name.rstrip("0123456789").rstrip("_") in set(_MADE.values())


def first_answer(template: Summary, labels: tuple[str, ...]) -> Plain:
    """Return the shape of answer such a template is mostly used with."""
    if template.category == Category.SORTING:
        return {"choice": list(labels)}
    if template.category == Category.EXTRACTING:
        return {"fields": {"name": "text", "date": "date"}}
    return {}


def slots_to_fill(slots: tuple[Slot, ...], step: Plain) -> tuple[Slot, ...]:
    """Return the slots a maker fills; the one for labels and field names is filled by itself unless it differs."""
    source = mapping(step, "with").get(CHOICES)
    labels = mapping(step, "answer").get("choice") or ()
    repeats = source is None or lines(str(source)[1:].replace(",", "\n")) == list(labels)
    return tuple(slot for slot in slots if slot.name != CHOICES or not repeats)
