"""Changes of the steps, as functions from one plain spec to the next.

Invariant: a step's name is unique; when it changes, every path and every jump to it follows. Moving a step never
changes what it says: the checks tell when it now comes too early.
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from allotment.engine.spec.app import FieldKind
from allotment.engine.spec.checking_tables import ROW
from allotment.engine.spec.words import MOST_STEPS
from allotment.engine.templates import CHOICES, Slot
from allotment.kernel.errors import Conflict, NotFound, TooLarge
from allotment.microapps.building.fields import add_field, moved
from allotment.microapps.building.naming import Plain, free_name, line, mapping, parts
from allotment.microapps.building.references import renamed, without
from allotment.microapps.building.results import Show, show, show_differently

FOR_EACH = "for each"
_SHOWN_FIRST: Mapping[FieldKind, int] = {FieldKind.LONG_TEXT: 0, FieldKind.SHORT_TEXT: 1}


def step_names(plain: Plain) -> tuple[str, ...]:
    """Return the names of the steps, in order."""
    return tuple(str(step.get("step")) for step in parts(plain, "steps"))


def step_at(plain: Plain, name: str) -> Plain:
    """Return one step; raises `NotFound`."""
    for step in parts(plain, "steps"):
        if step.get("step") == name:
            return step
    raise NotFound(
        _("This step is not there any more."), hint=_("Go back to the builder and choose another.")
    )


def add_step(plain: Plain, step: Plain, words: str) -> Plain:
    """Add a step at the end, named after words."""
    if len(names := step_names(plain)) >= MOST_STEPS:
        raise TooLarge(
            _("An app has at most %(most)s steps.") % {"most": MOST_STEPS},
            hint=_("Split the app into two, or remove a step."),
        )
    return {**plain, "steps": [*parts(plain, "steps"), {"step": free_name(words, names, "step"), **step}]}


def add_ask(plain: Plain, reference: str, slots: Sequence[Slot], words: str, answer: Plain) -> Plain:
    """Add a question to a model, filled in as well as can be guessed, and show its answer."""
    step = {"do": "ask", "template": reference, "with": guessed(plain, slots, {}, len(step_names(plain)))}
    changed = add_step(plain, {**step, **({"answer": answer} if answer else {})}, words)
    return show(changed, f"steps.{step_names(changed)[-1]}", show_for(answer))


def add_read(plain: Plain, label: str) -> Plain:
    """Add reading a document; a form that asks for none gets a field for it."""
    if not documents(plain):
        plain = add_field(plain, label, FieldKind.DOCUMENT, name="document")
    return add_step(plain, {"do": "read", "from": documents(plain)[0]}, "document text")


def add_table(plain: Plain, label: str) -> Plain:
    """Add computing a table, from the last answers about rows if there are any; a form without one gets a field."""
    if not tables(plain):
        plain = add_field(plain, label, FieldKind.TABLE, name="table")
    asked = [f"steps.{step['step']}" for step in parts(plain, "steps") if step.get("do") == FOR_EACH]
    source = asked[-1] if asked else tables(plain)[0]
    changed = add_step(plain, {"do": "table", "from": source}, "figures")
    return show(changed, f"steps.{step_names(changed)[-1]}", "table")


def add_chart(plain: Plain, label: str) -> Plain:
    """Add drawing the last table there is."""
    if not tables(plain):
        plain = add_field(plain, label, FieldKind.TABLE, name="table")
    changed = add_step(plain, {"do": "chart", "from": tables(plain)[-1]}, "picture")
    return show(changed, f"steps.{step_names(changed)[-1]}", "chart")


def add_for_each(plain: Plain, rows: str, asked: Plain, words: str) -> Plain:
    """Add a question about each row of the table `rows`; `asked` has its template, sources and answer."""
    changed = add_step(plain, {"do": FOR_EACH, "rows": rows, **asked}, words)
    return show(changed, f"steps.{step_names(changed)[-1]}", "table")


def of_rows(slots: Sequence[Slot], kept: Plain, source: str) -> Plain:
    """Return a source for each slot of a question about rows: what it had, else (for one of them) `source`."""
    found: Plain = {}
    for slot in slots:
        if slot.name in kept:
            found[slot.name] = kept[slot.name]
        elif slot.is_required and slot.name != CHOICES:
            is_free = source not in found.values()
            given = _fixed(slot) or (source if is_free else "")
            found |= {slot.name: given} if given else {}
    return found


def add_save(plain: Plain) -> Plain:
    """Add saving the last table there is, or what people fill in."""
    if made := tables(plain):
        return add_step(plain, {"do": "save", "collection": "records", "from": made[-1]}, "keep")
    values = {str(field["field"]): f"form.{field['field']}" for field in parts(plain, "form")}
    return add_step(plain, {"do": "save", "collection": "records", "values": values}, "keep")


def tables(plain: Plain) -> tuple[str, ...]:
    """Return the paths of the form's tables and of those that steps make."""
    kind = FieldKind.TABLE.value
    given = (f"form.{field['field']}" for field in parts(plain, "form") if field.get("kind") == kind)
    made = (
        f"steps.{step['step']}" for step in parts(plain, "steps") if step.get("do") in {"table", FOR_EACH}
    )
    return (*given, *made)


def add_choose(plain: Plain) -> Plain:
    """Add a decision without cases."""
    return add_step(plain, {"do": "choose", "cases": []}, "decision")


def documents(plain: Plain) -> tuple[str, ...]:
    """Return the paths of the form's documents."""
    kind = FieldKind.DOCUMENT.value
    return tuple(f"form.{field['field']}" for field in parts(plain, "form") if field.get("kind") == kind)


def move_step(plain: Plain, name: str, by: int) -> Plain:
    """Move a step up (-1) or down (1); at the end of the list it stays."""
    names = step_names(plain)
    index = names.index(name) if name in names else None
    return {**plain, "steps": moved(parts(plain, "steps"), index, by)}


def order_steps(plain: Plain, names: Sequence[str]) -> Plain:
    """Put the steps into this order. Raises `Conflict` when they are not the steps of this app."""
    by_name = {str(step.get("step")): step for step in parts(plain, "steps")}
    wanted = [name for name in names if name in by_name]
    if sorted(wanted) != sorted(by_name):
        raise Conflict(_("The steps changed meanwhile."), hint=_("Load the page again, then move the step."))
    return {**plain, "steps": [by_name[name] for name in wanted]}


def remove_step(plain: Plain, name: str) -> Plain:
    """Take a step out, with every use of what it made."""
    step_at(plain, name)
    steps = [step for step in parts(plain, "steps") if step.get("step") != name]
    return without({**plain, "steps": steps}, f"steps.{name}")


def rename_step(plain: Plain, old: str, words: str) -> Plain:
    """Name a step after words; every path and jump follows."""
    step_at(plain, old)
    new = free_name(words, set(step_names(plain)) - {old}, "step")
    if new == old:
        return plain
    steps = [{**step, "step": new} if step.get("step") == old else step for step in parts(plain, "steps")]
    return renamed({**plain, "steps": steps}, f"steps.{old}", f"steps.{new}")


def change_step(plain: Plain, name: str, changes: Mapping[str, object]) -> Plain:
    """Set keys of a step; empty values take a key away."""
    step = {**step_at(plain, name), **changes}
    step = {key: value for key, value in step.items() if key not in changes or value not in ("", {}, None)}
    return {**plain, "steps": [step if one.get("step") == name else one for one in parts(plain, "steps")]}


def set_template(plain: Plain, name: str, reference: str, slots: Sequence[Slot]) -> Plain:
    """Ask with another template: slots of the same name keep their source, the others are guessed."""
    step = step_at(plain, name)
    kept = mapping(step, "with")
    if step.get("do") == FOR_EACH:
        likely = next((str(source) for source in kept.values() if str(source).startswith(ROW)), "")
        return change_step(plain, name, {"template": reference, "with": of_rows(slots, kept, likely)})
    at = step_names(plain).index(name)
    return change_step(plain, name, {"template": reference, "with": guessed(plain, slots, kept, at)})


def set_answer(plain: Plain, name: str, answer: Plain) -> Plain:
    """Ask for another shape of answer; where it is shown, it is shown in a way that fits."""
    changed = change_step(plain, name, {"answer": answer})
    if step_at(plain, name).get("do") == FOR_EACH:  # its table is shown, whatever the answers are
        return changed
    if show_for(mapping(step_at(plain, name), "answer")) == show_for(answer):
        return changed
    return show_differently(changed, f"steps.{name}", show_for(answer))


def rename_answer_field(plain: Plain, name: str, old: str, words: str) -> Plain:
    """Name a named field of an answer after words; every path follows."""
    answer = mapping(step_at(plain, name), "answer")
    fields = mapping(answer, "fields")
    new = free_name(words, set(fields) - {old}, "detail")
    if new == old or old not in fields:
        return plain
    renamed_fields = {new if key == old else key: kind for key, kind in fields.items()}
    changed = change_step(plain, name, {"answer": {**answer, "fields": renamed_fields}})
    return renamed(changed, f"steps.{name}.{old}", f"steps.{name}.{new}")


def show_for(answer: Plain) -> Show:
    """Return how an answer is best shown."""
    return "label" if answer.get("choice") else "fields" if answer.get("fields") else "text"


def guessed(plain: Plain, slots: Sequence[Slot], kept: Plain, position: int) -> Plain:
    """Return a source for each slot: what it had, a field of the same name, else the likeliest text."""
    likely = _likely_texts(plain, position)
    fields = {str(field["field"]) for field in parts(plain, "form")}
    found: Plain = {}
    for slot in slots:
        if slot.name in kept:
            found[slot.name] = kept[slot.name]
        elif slot.name in fields:
            found[slot.name] = f"form.{slot.name}"
        elif slot.is_required and slot.name != CHOICES:
            source = _fixed(slot) or (likely.pop(0) if likely else "")
            found |= {slot.name: source} if source else {}
    return found


def _fixed(slot: Slot) -> str:
    return f"={slot.options[0]}" if slot.options else ""


def _likely_texts(plain: Plain, position: int) -> list[str]:
    """Return paths of texts, what was read from documents first, then long fields before short ones."""
    read = [f"steps.{step['step']}" for step in parts(plain, "steps")[:position] if step.get("do") == "read"]
    texts = []
    for field in parts(plain, "form"):
        rank = _SHOWN_FIRST.get(field.get("kind", FieldKind.SHORT_TEXT))
        if rank is not None:
            texts.append((rank, f"form.{field['field']}"))
    return [*read, *(path for _, path in sorted(texts, key=lambda one: one[0]))]


def answer_of(kind: str, labels: Sequence[str], fields: Mapping[str, str], max_words: int | None) -> Plain:
    """Return the shape of an answer as a spec writes it."""
    if kind == "labels":
        return {"choice": list(labels)} if labels else {}
    if kind == "fields":
        return {"fields": dict(fields)} if fields else {}
    return {"max_words": max_words} if max_words else {}


def case_of(when: Sequence[Plain], outcome: str, said: str) -> Plain:
    """Return a case as a spec writes it; `outcome` is `stop`, `go_to` or `value`."""
    return {"when": list(when), **({outcome: said} if said else {})}


def condition_of(value: str, comparison: str, to: str) -> Plain:
    """Return a condition as a spec writes it."""
    needs_to = comparison not in {"is empty", "is not empty"}
    return {"value": value, "is": comparison, **({"to": line(to)} if needs_to and line(to) else {})}
