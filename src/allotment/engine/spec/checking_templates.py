"""Checks of templates: approved, in that version, and every slot filled with something that fits."""

from collections.abc import Callable, Iterator, Mapping

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.app import App, AsksModel, ForEach
from allotment.engine.spec.checking_tables import row_values
from allotment.engine.spec.flaws import Flaw
from allotment.engine.spec.paths import Known, is_literal, known_before, literal
from allotment.engine.spec.typed_values import ValueKind, read_date, read_number
from allotment.engine.spec.yaml_text import Position
from allotment.engine.templates import CHOICES, Slot, SlotKind, Template

Templates = Callable[[str], Template | None]
"""Returns the approved template of a reference, or None when it is unknown, not approved or recalled."""

_ANYTHING_WRITTEN: frozenset[ValueKind] = frozenset({"text", "number", "date", "yes/no", "list", "fields"})
_TAKES: Mapping[SlotKind, frozenset[ValueKind]] = {
    "text": _ANYTHING_WRITTEN,
    "long text": _ANYTHING_WRITTEN | {"table"},
    "number": frozenset({"number"}),
    "date": frozenset({"date"}),
    "choice": frozenset({"text"}),
    "list": frozenset({"list", "text"}),
}
_VERSIONS_TRIED = 30


def template_problems(app: App, templates: Templates) -> Iterator[Flaw]:
    """Find steps whose template cannot be used as they use it."""
    for index, step in enumerate(app.steps):
        if not isinstance(step, AsksModel):
            continue
        position: Position = ("steps", index)
        template = templates(step.template)
        if template is None:
            yield _not_approved(step.template, templates, (*position, "template"))
        else:
            known = known_before(app, index)
            inside = row_values(step, known) if isinstance(step, ForEach) else known
            yield from _slots(step, template, inside, (*position, "with"))


def _not_approved(reference: str, templates: Templates, position: Position) -> Flaw:
    name, _, version = reference.partition("@")
    others = (number for number in range(_VERSIONS_TRIED, 0, -1) if str(number) != version)
    approved = next((number for number in others if templates(f"{name}@{number}") is not None), None)
    if approved is None:
        return Flaw(
            position, f"There is no approved template “{name}”.", "Choose one from the template library."
        )
    return Flaw(
        position,
        f"Version {version} of “{name}” is not approved.",
        f"Use version {approved}: `{name}@{approved}`.",
    )


def _slots(
    step: AsksModel, template: Template, known: Mapping[str, Known], position: Position
) -> Iterator[Flaw]:
    slots = {slot.name: slot for slot in template.slots}
    for name, slot in slots.items():
        has_choices = name == CHOICES and (step.answer.choice or step.answer.fields)
        if name not in step.with_ and slot.is_required and not has_choices:
            yield Flaw(
                position,
                f"The template “{template.title}” needs “{name}” ({slot.label}).",
                f"Add `{name}:` with the value it gets.",
            )
    for name, source in step.with_.items():
        if name not in slots:
            remedy = did_you_mean(name, slots) or "Remove it."
            yield Flaw((*position, name), f"The template “{template.title}” has no slot “{name}”.", remedy)
        elif is_literal(source):
            yield from _fixed(slots[name], literal(source), (*position, name))
        elif source in known:
            yield from _fitting(slots[name], source, known[source], (*position, name))


def _fixed(slot: Slot, text: str, position: Position) -> Iterator[Flaw]:
    if slot.is_required and not text.strip():
        yield Flaw(
            position, f"“{slot.label}” needs a value.", "Write text after the equals sign, or name a field."
        )
    if len(text) > slot.max_length:
        yield Flaw(
            position, f"“{slot.label}” takes at most {slot.max_length} characters.", "Shorten the text."
        )
    if slot.options and text and text not in slot.options:
        yield Flaw(position, f"“{text}” is not one of its options.", did_you_mean(text, slot.options))
    if slot.kind == "number" and read_number(text) is None:
        yield Flaw(position, f"“{text}” is not a number.", "Write digits, such as 250.")
    if slot.kind == "date" and read_date(text) is None:
        yield Flaw(position, f"“{text}” is not a date.", "Write year-month-day: 2026-11-03.")


def _fitting(slot: Slot, path: str, value: Known, position: Position) -> Iterator[Flaw]:
    if value.kind not in _TAKES[slot.kind]:
        remedy = (
            "Add a step that reads the document, and use what comes out of it."
            if value.kind == "document"
            else f"Use a value that is a {slot.kind}."
        )
        yield Flaw(position, f"“{path}” is a {value.kind}, but “{slot.label}” takes a {slot.kind}.", remedy)
    elif slot.is_required and value.may_be_empty and path.startswith("form."):
        yield Flaw(
            position,
            f"“{path}” may be left empty, but “{slot.label}” needs a value.",
            "Make the field one that must be filled in.",
        )
    elif slot.options and not set(value.options or ("",)) <= set(slot.options):
        yield Flaw(
            position,
            f"“{path}” can be something “{slot.label}” does not take.",
            f"Offer: {', '.join(slot.options)}.",
        )
