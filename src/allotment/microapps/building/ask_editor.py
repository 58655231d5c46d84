"""The editor of a question to a model: its template, what fills each slot, the shape of the answer, who answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from allotment.engine.templates import Slot
from allotment.microapps.building import steps
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.editors import ADD, KEEP, SAVE, Do, Edited, form_problems, user_words
from allotment.microapps.building.forms import AnswerForm, DetailForm, SourceForm, rows, source_initial
from allotment.microapps.building.naming import Plain, free_name, mapping, spoken, text
from allotment.microapps.building.sources import Choices, choices, offers
from allotment.microapps.building.templates_on_offer import (
    first_answer,
    groups,
    is_born_name,
    made_by,
    slots_to_fill,
    usable,
)
from allotment.microapps.surroundings import models

_NEW_DETAIL = "new_detail"


@dataclass(frozen=True)
class SlotRow:
    """One slot of the template, and where it gets its value."""

    slot: Slot
    form: SourceForm


@dataclass(frozen=True)
class DetailRow:
    """One named detail of the answer, and who uses it."""

    name: str
    form: DetailForm
    users: tuple[str, ...]


class AskEditor:
    """A question to a model."""

    template = "microapps/builder/_ask_editor.html"

    def __init__(self, draft: Draft, step: Plain, data: Any = None) -> None:
        self.draft = draft
        self.step = step
        self.key = str(step["step"])
        self.chosen = usable().get(text(step, "template"))
        self.groups = groups()
        filled = mapping(step, "with")
        slots = slots_to_fill(self.chosen.slots, step) if self.chosen else ()
        self.slots = [SlotRow(slot, self._slot_form(slot, filled.get(slot.name), data)) for slot in slots]
        answer = mapping(step, "answer")
        self.answer = AnswerForm(
            data=data, prefix="answer", initial=self._answer_initial(answer), models=self._models()
        )
        initial = [
            {"name": name, "words": spoken(name), "kind": kind}
            for name, kind in mapping(answer, "fields").items()
        ]
        made = rows(_detail_form, "detail", initial, data)
        self.details = [
            DetailRow(name := str(form["name"].value() or ""), form, self._users(name)) for form in made
        ]

    def _users(self, detail: str) -> tuple[str, ...]:
        return user_words(self.draft.plain, f"steps.{self.key}.{detail}")

    def _slot_form(self, slot: Slot, source: object, data: Any) -> SourceForm:
        return SourceForm(
            data=data,
            prefix=f"slot-{slot.name}",
            initial=source_initial(source),
            choices=self._sources(
                text(mapping(self.step, "with"), slot.name),
                _("Choose where it comes from") if slot.is_required else _("Leave it empty"),
            ),
            label=slot.label,
            suggestions=f"options-{slot.name}" if slot.options else "",
        )

    def _sources(self, current: str, empty: str) -> Choices:
        """Return where a slot may get its value."""
        offered = [
            one
            for one in offers(self.draft.spec, self.draft.position(self.key))
            if one.kind not in {"document", "chart"}
        ]
        return choices(offered, self.draft.spec, current, empty=empty, fixed=True)

    def _answer_initial(self, answer: Plain) -> dict[str, Any]:
        kind = "labels" if answer.get("choice") else "fields" if answer.get("fields") else "text"
        return {
            "words": spoken(self.key),
            "kind": kind,
            "labels": "\n".join(map(str, answer.get("choice") or ())),
            "max_words": answer.get("max_words"),
            "model": text(self.step, "model"),
        }

    def _models(self) -> Choices:
        found: Choices = [("", _("The model your space uses"))]
        found += [
            (one.name, one.title if one.runs_here else _("%(model)s (runs elsewhere)") % {"model": one.title})
            for one in models()
        ]
        current = text(self.step, "model")
        if current not in {name for name, _words in found}:
            found.append((current, _("%(model)s (not available)") % {"model": current}))
        return found

    def _forms(self, do: Do) -> list[forms.Form]:
        details = [row.form for row in self.details if not do.removes(row.name)]
        return [self.answer, *(row.form for row in self.slots), *details]

    def is_valid(self, do: Do) -> bool:
        """Whether everything that stays fits."""
        return all(form.is_valid() for form in self._forms(do))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*self._forms(Do()))

    def applied(self, do: Do) -> Edited:
        """Return the draft with this question, or with another template: `template:name@version`."""
        plain = steps.change_step(self.draft.plain, self.key, self._changes(do))
        plain = steps.set_answer(plain, self.key, self._answer(do))
        if do.verb == KEEP:
            return Edited(plain, self.key, stays=True)
        at = steps.step_names(plain).index(self.key)
        plain = self._named(self._with_details_named(plain))
        if do.verb == "template":
            plain = self._with_template(plain, steps.step_names(plain)[at], do.which)
        return Edited(plain, steps.step_names(plain)[at], stays=do.verb != SAVE)

    def _changes(self, _do: Do) -> Plain:
        """Return what changes of the step beside its names, its template and its answer."""
        return {"with": self._with(), "model": self.answer.cleaned_data["model"]}

    def _with(self) -> Plain:
        """Return the sources: what was chosen, and without a usable template all there were."""
        given = {row.slot.name: row.form.said for row in self.slots if row.form.said}
        return given if self.chosen is not None else mapping(self.step, "with")

    def _answer(self, do: Do) -> Plain:
        said = self.answer.cleaned_data
        details = {
            row.name: row.form.cleaned_data["kind"] for row in self.details if not do.removes(row.name)
        }
        if said["kind"] == "fields" and (do.verb == ADD or not details):
            details[free_name(_NEW_DETAIL, details)] = "text"
        return steps.answer_of(said["kind"], said["labels"], details, said["max_words"])

    def _with_details_named(self, plain: Plain) -> Plain:
        for row in self.details:
            words = row.form.cleaned_data.get("words", "") if row.form.is_valid() else ""
            if words and words != spoken(row.name):
                plain = steps.rename_answer_field(plain, self.key, row.name, words)
        return plain

    def _named(self, plain: Plain) -> Plain:
        words: str = self.answer.cleaned_data["words"].strip()
        return plain if words == spoken(self.key) else steps.rename_step(plain, self.key, words)

    def _with_template(self, plain: Plain, name: str, reference: str) -> Plain:
        wanted = usable().get(reference)
        if wanted is None or wanted.reference == text(self.step, "template"):
            return plain
        plain = steps.set_template(plain, name, wanted.reference, wanted.slots)
        if is_born_name(name):
            plain = steps.set_answer(
                plain, name, first_answer(wanted, (_("question"), _("complaint"), _("other")))
            )
            plain = steps.rename_step(plain, name, made_by(wanted))
        return plain


def _detail_form(prefix: str, data: Any, initial: Mapping[str, Any]) -> DetailForm:
    return DetailForm(data, prefix=prefix, initial=dict(initial))
