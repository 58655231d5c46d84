"""Mending: from a model's plan to an app, without asking anybody. Pure and deterministic.

Invariant: every template is an approved one, every slot is wired to a field or an earlier step, every name is a slug,
nothing dangles. Refuses (None): a plan without anything to fill in or to do.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec

from allotment.engine.spec.app import Answer, App, Ask, DataUse, FieldKind, FormField, Read, Shown, Step
from allotment.engine.spec.problems import BrokenSpec
from allotment.engine.spec.reading import from_plain, to_plain
from allotment.engine.templates import CHOICES, Slot
from allotment.microapps.facts import TemplateFacts
from allotment.microapps.wording import purpose_from, title_from

_LONGEST_NAME = 40
_LEAST_LIKENESS = 0.35


def app_from(plan: Mapping[str, Any], need: str, templates: Sequence[TemplateFacts]) -> App | None:
    """Return the app a plan means, mended; None when nothing is left of it."""
    form, sample = _form(_dicts(plan.get("fields")))
    form, steps, result = _steps(_dicts(plan.get("steps")), form, templates)
    if not form or not result:
        return None
    title = _line(plan.get("title")) or title_from(need)
    app = App(
        allotment=1,
        name=_name(title, "app", set()).replace("_", "-"),
        title=title,
        purpose=_line(plan.get("purpose"), most=300) or purpose_from(need),
        data=DataUse(personal=plan.get("holds_personal_data") is True),
        form=form,
        steps=steps,
        result=result,
        sample={name: text for name, text in sample.items() if text},
    )
    try:
        return from_plain(to_plain(app))
    except BrokenSpec:
        return None


def _form(plans: Sequence[Mapping[str, Any]]) -> tuple[tuple[FormField, ...], dict[str, str]]:
    fields: list[FormField] = []
    sample: dict[str, str] = {}
    taken: set[str] = set()
    for plan in plans:
        label = _line(plan.get("label")) or _line(plan.get("name"))
        if not label:
            continue
        name = _name(str(plan.get("name") or label), "field", taken)
        options = _lines(plan.get("options"))
        kind = _kind(plan.get("kind"), options)
        fields.append(
            FormField(
                field=name,
                label=label,
                kind=kind,
                required=plan.get("required") is True,
                options=options if kind is FieldKind.CHOICE else (),
            )
        )
        example = str(plan.get("example") or "").strip()
        sample[name] = example if kind is not FieldKind.CHOICE or example in options else options[0]
    return tuple(fields), sample


def _kind(said: object, options: tuple[str, ...]) -> FieldKind:
    kind = next((kind for kind in FieldKind if kind.value == said), FieldKind.SHORT_TEXT)
    if kind in {FieldKind.CHOICE, FieldKind.SEVERAL} and len(options) < 2:  # noqa: PLR2004 - a choice needs two
        return FieldKind.SHORT_TEXT
    return FieldKind.LONG_TEXT if kind is FieldKind.TABLE else kind


def _steps(
    plans: Sequence[Mapping[str, Any]], form: tuple[FormField, ...], templates: Sequence[TemplateFacts]
) -> tuple[tuple[FormField, ...], tuple[Step, ...], tuple[Shown, ...]]:
    """Return the form (a field a template needs is made required), the steps, and what is shown."""
    steps: list[Step] = []
    sources = {field.field: f"form.{field.field}" for field in form if field.kind is not FieldKind.DOCUMENT}
    taken: set[str] = set()
    for field in (field for field in form if field.kind is FieldKind.DOCUMENT):
        name = _name(f"{field.field}_text", "text", taken)
        steps.append(Read(step=name, from_=f"form.{field.field}"))
        sources[field.field] = f"steps.{name}"
    result: list[Shown] = []
    needed: set[str] = set()
    for plan in plans:
        template = _nearest_template(str(plan.get("template") or ""), templates)
        name = _name(str(plan.get("name") or template.name), "step", taken)
        labels = _lines(plan.get("labels"))
        answer = Answer(choice=labels) if len(labels) > 1 else Answer()
        slots = [slot for slot in template.slots if not (answer.choice and slot.name == CHOICES)]
        wired = _wired(slots, _dicts(plan.get("slots")), sources)
        if wired is None:
            continue
        steps.append(Ask(step=name, template=template.reference, with_=wired, answer=answer))
        required_slots = {slot.name for slot in template.slots if slot.is_required}
        needed |= {path for slot, path in wired.items() if slot in required_slots}
        result.append(Shown(show="label" if answer.choice else "text", from_=f"steps.{name}"))
        sources[name] = f"steps.{name}"
    mended = tuple(
        msgspec.structs.replace(field, required=True) if f"form.{field.field}" in needed else field
        for field in form
    )
    # Prose first, labels after it: people read the answer before its topic.
    return mended, tuple(steps), tuple(sorted(result, key=lambda shown: shown.show == "label"))


def _nearest_template(said: str, templates: Sequence[TemplateFacts]) -> TemplateFacts:
    name = said.partition("@")[0]
    exact = [template for template in templates if template.reference == said or template.name == name]
    return exact[0] if exact else max(templates, key=lambda template: _likeness(name, template.name))


def _wired(
    slots: Sequence[Slot], plans: Sequence[Mapping[str, Any]], sources: Mapping[str, str]
) -> dict[str, str] | None:
    """Return a path for every slot that can be filled; None when a required one cannot."""
    said = {str(plan.get("slot")): str(plan.get("source")) for plan in plans}
    wired: dict[str, str] = {}
    for slot in slots:
        path = _path(said.get(slot.name, ""), sources) or _best_source(slot, sources, set(wired.values()))
        if path is not None:
            wired[slot.name] = path
        elif slot.is_required:
            return None
    return wired


def _path(said: str, sources: Mapping[str, str]) -> str | None:
    """Return the source a plan names, however it wrote it: `question`, `form.question`, `steps.topic`."""
    return sources.get(said) or next((path for path in sources.values() if path == said), None)


def _best_source(slot: Slot, sources: Mapping[str, str], used: set[str]) -> str | None:
    scored = [
        (_likeness(slot.name, name) - (0.2 if path in used else 0), path) for name, path in sources.items()
    ]
    score, path = max(scored, default=(0.0, ""))
    if score >= _LEAST_LIKENESS:
        return path
    if not slot.is_required or slot.name == CHOICES:
        return None
    unused = [path for path in sources.values() if path not in used]
    return next(iter(unused or sources.values()), None)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.replace("_", "-"), other.replace("_", "-"), autojunk=False).ratio()


def _name(text: str, otherwise: str, taken: set[str]) -> str:
    """Return a free name made from a text, and take it."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_LONGEST_NAME].strip("_")
    if not name[:1].isalpha():
        name = f"{otherwise}_{name}".strip("_")
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _lines(value: object) -> tuple[str, ...]:
    said = [_line(one) for one in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(one for one in said if one))


def _line(value: object, *, most: int = 120) -> str:
    return " ".join(str(value or "").split())[:most].strip()
