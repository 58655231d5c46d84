"""What people fill in about templates. A wording's form and the forms of its slots are one entry."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from allotment.engine.templates import Slot, slots_in
from allotment.prompts.slots import MAX_LENGTH, label_from
from allotment.prompts.states import Category
from allotment.prompts.wording import MAX_TEXT, Wording, problems, tidy, worded
from allotment.prompts.writing import About

SLOT_KINDS = (
    ("text", _("Short text")),
    ("long text", _("Long text")),
    ("number", _("Number")),
    ("date", _("Date")),
    ("choice", _("One of these options")),
    ("list", _("List, one item a line")),
)


class WordingForm(forms.Form):
    """A template's words about itself, and its wording."""

    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        help_text=_("What it does, as people will look for it."),
        error_messages={"required": _("Give it a title.")},
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=500, required=False)
    category = forms.ChoiceField(label=_("Kind of work"), choices=Category.choices)
    system = forms.CharField(
        label=_("Instruction"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Who the model is and which rules it keeps. The same every time."),
    )
    user = forms.CharField(
        label=_("Question"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 9}),
        error_messages={"required": _("Write what the model is asked.")},
        help_text=_(
            "What the model is asked. Write a slot as {customer_query}; small letters and underscores."
        ),
    )

    def clean_system(self) -> str:
        """Return the instruction in one kind of line ends."""
        return tidy(self.cleaned_data["system"])

    def clean_user(self) -> str:
        """Return the question in one kind of line ends."""
        return tidy(self.cleaned_data["user"])


class SlotForm(forms.Form):
    """The settings of one slot."""

    label = forms.CharField(
        label=_("Label"), max_length=120, error_messages={"required": _("Say what goes into this slot.")}
    )
    kind = forms.ChoiceField(label=_("What goes in"), choices=SLOT_KINDS)
    required = forms.BooleanField(label=_("Must be filled"), required=False)
    max_length = forms.IntegerField(label=_("Most characters"), min_value=1, max_value=MAX_LENGTH)
    options = forms.CharField(
        label=_("Options"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line; for “One of these options” only."),
    )
    example = forms.CharField(
        label=_("Example"), required=False, max_length=MAX_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, name: str, data: Mapping[str, Any] | None = None, slot: Slot | None = None) -> None:
        self.name = name
        super().__init__(data, prefix=prefix_of(name), initial=None if slot is None else _initial(slot))

    def slot(self) -> Slot:
        """Return the slot as filled in; only after `is_valid`."""
        given = self.cleaned_data
        options = tuple(line.strip()[:120] for line in given["options"].splitlines() if line.strip())
        return Slot(
            name=self.name,
            label=given["label"],
            kind=given["kind"],
            is_required=given["required"],
            max_length=given["max_length"],
            options=options if given["kind"] == "choice" else (),
            example=tidy(given["example"]),
        )


class WordingEntry:
    """A wording being written: its form, and one form for each slot in its text. Nothing typed is lost."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        about: About | None = None,
        wording: Wording | None = None,
    ) -> None:
        initial = {}
        if about is not None and wording is not None:
            initial = {"title": about.title, "purpose": about.purpose, "category": about.category}
            initial |= {"system": wording.system, "user": wording.user}
        self.form = WordingForm(data, initial=initial)
        known = {slot.name: slot for slot in (wording.slots if wording else ())}
        self.slot_forms = [
            SlotForm(
                name,
                data if data is not None and f"{prefix_of(name)}-kind" in data else None,
                known.get(name) or Slot(name, label_from(name), "long text"),
            )
            for name in _names(data, wording)
        ]

    @property
    def wrong_slots(self) -> list[SlotForm]:
        """The slots that need another look."""
        return [form for form in self.slot_forms if form.errors]

    def is_valid(self) -> bool:
        """Say whether everything can be kept, and put each problem beside its field."""
        fine = self.form.is_valid()
        for form in self.slot_forms:
            if form.is_bound:
                fine = form.is_valid() and fine
        return fine and self._is_sound()

    def about(self) -> About:
        """Return what the template says of itself; only after `is_valid`."""
        given = self.form.cleaned_data
        return About(given["title"], given["purpose"], given["category"])

    def wording(self) -> Wording:
        """Return the wording; only after `is_valid`."""
        settings = [form.slot() for form in self.slot_forms if form.is_bound]
        return worded(self.form.cleaned_data["system"], self.form.cleaned_data["user"], settings)

    def _is_sound(self) -> bool:
        by_name = {form.name: form for form in self.slot_forms}
        found = problems(self.wording())
        for problem in found:
            part, _dot, name = problem.field.partition(".")
            if part == "slots":
                field = "options" if by_name[name].cleaned_data["kind"] == "choice" else "example"
                by_name[name].add_error(field, problem.message)
            else:
                self.form.add_error(part, problem.message)
        return not found


class ReasonForm(forms.Form):
    """A reason that people will read."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why, in a sentence.")},
    )


class ImportForm(forms.Form):
    """A file of another tool, uploaded or pasted."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_(
            "A .prompty file, a LangChain prompt in JSON or YAML, or a Promptflow zip or .jinja2 file."
        ),
    )
    text = forms.CharField(
        label=_("Or paste its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        given = super().clean() or self.cleaned_data
        if not self.errors and not given.get("file") and not given.get("text", "").strip():
            self.add_error("file", _("Choose a file, or paste its text below."))
        return given


def prefix_of(name: str) -> str:
    """Return the form prefix of a slot."""
    return f"slot-{name}"


def _names(data: Mapping[str, Any] | None, wording: Wording | None) -> tuple[str, ...]:
    if data is not None:
        return tuple(dict.fromkeys(slots_in(f"{data.get('system', '')}\n{data.get('user', '')}")))
    return tuple(slot.name for slot in wording.slots) if wording else ()


def _initial(slot: Slot) -> dict[str, object]:
    return {
        "label": slot.label,
        "kind": slot.kind,
        "required": slot.is_required,
        "max_length": slot.max_length,
        "options": "\n".join(slot.options),
        "example": slot.example,
    }
