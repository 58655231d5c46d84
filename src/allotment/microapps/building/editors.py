"""The editors of everything but the steps: the form, its sample, the result, what the app is about.

An editor shows one part of a draft as small forms, tells whether what was typed fits, and applies it. What a button
asks for beyond saving comes as `do`: `add`, `up:name`, `down:name`, `remove:name`; `keep` is the automatic save, which
changes no names, so that the form on the screen stays right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from django import forms
from django.utils.translation import gettext as _

from allotment.engine.spec.app import FieldKind, FormField
from allotment.engine.spec.typed_values import ValueKind
from allotment.kernel.errors import NotFound
from allotment.microapps.building import fields, results
from allotment.microapps.building.draft import Draft
from allotment.microapps.building.forms import FieldForm, ManyForm, ShownForm, rows
from allotment.microapps.building.naming import Plain, line, paragraph, parts, spoken, text
from allotment.microapps.building.references import RESULT, users_of
from allotment.microapps.building.sources import choices, offers
from allotment.microapps.building.table_columns import with_columns_of_sample
from allotment.microapps.forms import SettingsForm
from allotment.microapps.values import AppDetail

SAVE, KEEP, ADD = "save", "keep", "add"
_STEPS_OF_A_MOVE = {"up": -1, "down": 1}
_WITHOUT_SAMPLE = frozenset({FieldKind.DOCUMENT})
_SHOWN: Mapping[ValueKind, results.Show] = {
    "fields": "fields",
    "list": "list",
    "table": "table",
    "chart": "chart",
}
"""How a value is shown that is no plain text."""


@dataclass(frozen=True)
class Do:
    """What a button asks for: a verb, and which part it is about."""

    verb: str = SAVE
    which: str = ""

    @property
    def by(self) -> int:
        """How far a part moves; 0 for any other verb."""
        return _STEPS_OF_A_MOVE.get(self.verb, 0)

    def removes(self, which: object) -> bool:
        """Whether this part is to be removed, so that what it holds does not matter."""
        return self.verb == "remove" and self.which == str(which)


def asked(said: str) -> Do:
    """Return what a button's value asks for."""
    verb, _colon, which = said.partition(":")
    return Do(verb or SAVE, which)


@dataclass(frozen=True)
class Edited:
    """The spec after an edit, the part it was about under its new name, and whether its editor stays open."""

    plain: Plain
    key: str
    stays: bool = False
    said: str = ""
    """What to tell the person about it."""


class Editor(Protocol):
    """An open editor. `key` is a step's name, or `_form`, `_sample`, `_result`, `_about`, which no step can have."""

    key: str
    template: str

    def is_valid(self, do: Do) -> bool:
        """Whether everything typed fits."""
        ...

    def applied(self, do: Do) -> Edited:
        """Return the draft with what was typed, and with what the button asked for."""
        ...

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit, in words."""
        ...


def form_problems(*checked: forms.Form) -> tuple[str, ...]:
    """Return what does not fit in these forms: the field and why."""
    return tuple(
        f"{form.fields[name].label if name in form.fields else ''}: {' '.join(map(str, found))}".lstrip(": ")
        for form in checked
        if form.is_bound
        for name, found in form.errors.items()
    )


def user_words(plain: Plain, path: str) -> tuple[str, ...]:
    """Return who uses a value, in words: “the reply”, “the result”."""
    return tuple(
        _("the result") if user == RESULT else _("the %(name)s") % {"name": spoken(user)}
        for user in users_of(plain, path)
    )


@dataclass(frozen=True)
class FieldRow:
    """One field, and who uses it."""

    name: str
    form: FieldForm
    users: tuple[str, ...]


class FormEditor:
    """What people are asked for."""

    key = "_form"
    template = "microapps/builder/_form_editor.html"

    def __init__(self, draft: Draft, data: Any = None) -> None:
        self.draft = draft
        initial = [_field_initial(field) for field in parts(draft.plain, "form")]
        made = rows(_field_form, "field", initial, data)
        self.rows = [
            FieldRow(name := _name_in(form), form, user_words(draft.plain, f"form.{name}")) for form in made
        ]

    def focus_last(self) -> None:
        """Let the person type into the field that was just added."""
        if self.rows:
            self.rows[-1].form.fields["label"].widget.attrs["autofocus"] = True

    def is_valid(self, do: Do) -> bool:
        """Whether every field that stays fits."""
        return all(row.form.is_valid() for row in self.rows if not do.removes(row.name))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*(row.form for row in self.rows))

    def applied(self, do: Do) -> Edited:
        """Return the draft with these fields."""
        plain = self.draft.plain
        for row in self.rows:
            if not do.removes(row.name):
                plain = fields.set_field(plain, row.name, row.form.cleaned_data)
        if do.verb == KEEP:
            return Edited(plain, self.key, stays=True)
        plain = fields.settle_field_names(plain, _("New question"))
        if do.verb == ADD:
            plain = fields.add_field(plain, _("New question"))
        elif do.by:
            plain = fields.move_field(plain, do.which, do.by)
        elif do.verb == "remove":
            plain = fields.remove_field(plain, do.which)
        return Edited(plain, self.key, stays=do.verb != SAVE)


def _field_form(prefix: str, data: Any, initial: Mapping[str, Any]) -> FieldForm:
    return FieldForm(data, prefix=prefix, initial=dict(initial))


def _field_initial(field: Plain) -> dict[str, Any]:
    options = field.get("options")
    return {
        "name": field["field"],
        "label": text(field, "label"),
        "kind": text(field, "kind") or FieldKind.SHORT_TEXT.value,
        "required": field.get("required") is True,
        "options": "\n".join(map(str, options)) if isinstance(options, list | tuple) else "",
        "help": text(field, "help"),
        "max": field.get("max"),
    }


def _name_in(form: forms.Form) -> str:
    return str(form["name"].value() or "")


class SampleEditor:
    """Example values, for the preview and for whoever tries the app first."""

    key = "_sample"
    template = "microapps/builder/_sample_editor.html"

    def __init__(self, draft: Draft, data: Any = None) -> None:
        self.draft = draft
        self.form = forms.Form(data, prefix="sample", initial=dict(draft.spec.sample))
        for field in draft.spec.form:
            if field.kind not in _WITHOUT_SAMPLE:
                self.form.fields[field.field] = _sample_field(field)

    def is_valid(self, _do: Do) -> bool:
        """Whether every example can be stored."""
        return self.form.is_valid()

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(self.form)

    def applied(self, do: Do) -> Edited:
        """Return the draft with these examples."""
        plain = fields.set_sample(self.draft.plain, self.form.cleaned_data)
        plain = with_columns_of_sample(plain, self.draft.spec.sample)
        return Edited(plain, self.key, stays=do.verb == KEEP)


def _sample_field(field: FormField) -> forms.Field:
    if field.kind is FieldKind.CHOICE:
        options = [("", "–"), *((option, option) for option in field.options)]
        return forms.ChoiceField(label=field.label, choices=options, required=False)
    if field.kind is FieldKind.YES_NO:
        return forms.ChoiceField(
            label=field.label, choices=[("", "–"), ("yes", _("Yes")), ("no", _("No"))], required=False
        )
    if field.kind is FieldKind.TABLE:
        return forms.CharField(
            label=field.label,
            max_length=100_000,
            required=False,
            widget=forms.Textarea(attrs={"rows": 8, "wrap": "off", "spellcheck": "false"}),
            help_text=_(
                "Copy some rows with their headings from the spreadsheet. They tell which columns there are."
            ),
        )
    widget = forms.Textarea(attrs={"rows": 4}) if field.kind is FieldKind.LONG_TEXT else forms.TextInput()
    several = field.kind is FieldKind.SEVERAL
    return forms.CharField(
        label=field.label,
        max_length=20_000,
        required=False,
        widget=widget,
        help_text=_("Several, with commas between them.") if several else "",
    )


class AboutForm(SettingsForm):
    """What an app is, without who looks after it."""

    def __init__(self, app: AppDetail, data: Any = None) -> None:
        super().__init__(app, (), (), data)
        del self.fields["deputy"], self.fields["space"]


class AboutEditor:
    """Title, purpose, what data it touches, and how it runs over many rows."""

    key = "_about"
    template = "microapps/builder/_about_editor.html"

    def __init__(self, draft: Draft, data: Any = None) -> None:
        self.draft = draft
        self.form = AboutForm(draft.app, data)
        self.many = ManyForm(data, initial={"same_once": draft.spec.batch.same_once})

    def is_valid(self, _do: Do) -> bool:
        """Whether it fits."""
        return self.form.is_valid() and self.many.is_valid()

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(self.form, self.many)

    def applied(self, do: Do) -> Edited:
        """Return the draft with this title, purpose and data use."""
        said = self.form.cleaned_data
        kept = {key: value for key, value in self.draft.plain.items() if key != "batch"}
        plain = {
            **kept,
            **({"batch": {"same_once": True}} if self.many.cleaned_data["same_once"] else {}),
            "title": line(said["title"]) or self.draft.app.title,
            "purpose": paragraph(said["purpose"]),
            "data": msgspec.to_builtins(self.form.data_use),
        }
        return Edited(plain, self.key, stays=do.verb == KEEP)


@dataclass(frozen=True)
class ShownRow:
    """One part of the result, by its place."""

    index: int
    form: ShownForm


class ResultEditor:
    """What is shown in the end."""

    key = RESULT
    template = "microapps/builder/_result_editor.html"

    def __init__(self, draft: Draft, data: Any = None) -> None:
        self.draft = draft
        self.offered = [one for one in offers(draft.spec, len(draft.spec.steps)) if one.kind != "document"]
        initial = [
            {"path": text(part, "from"), "show": text(part, "show"), "title": text(part, "title")}
            for part in parts(draft.plain, "result")
        ]
        self.rows = [
            ShownRow(index, form) for index, form in enumerate(rows(self._form, "shown", initial, data))
        ]

    def _form(self, prefix: str, data: Any, initial: Mapping[str, Any]) -> ShownForm:
        current = str(data.get(f"{prefix}-path", "") if data is not None else initial.get("path", ""))
        return ShownForm(
            data=data,
            prefix=prefix,
            initial=dict(initial),
            choices=choices(self.offered, self.draft.spec, current),
            label=_("What is shown"),
        )

    @property
    def may_add(self) -> bool:
        """Whether there is a value that is not shown yet."""
        return self._next() is not None

    def is_valid(self, do: Do) -> bool:
        """Whether every part that stays fits."""
        return all(row.form.is_valid() for row in self.rows if not do.removes(row.index))

    def problems(self) -> tuple[str, ...]:
        """Return what does not fit."""
        return form_problems(*(row.form for row in self.rows))

    def applied(self, do: Do) -> Edited:
        """Return the draft with this result."""
        kept = [row.form.cleaned_data for row in self.rows if not do.removes(row.index)]
        shown = (results.shown(said["path"], said["show"], said["title"]) for said in kept)
        plain = results.set_result(self.draft.plain, shown)
        if do.by and do.which.isdecimal():
            plain = results.move_shown(plain, int(do.which), do.by)
        elif do.verb == ADD and (path := self._next(plain)):
            plain = results.show(plain, path, self._fitting(path))
        return Edited(plain, self.key, stays=do.verb != SAVE)

    def _next(self, plain: Plain | None = None) -> str | None:
        shown = {part.get("from") for part in parts(self.draft.plain if plain is None else plain, "result")}
        made_first = sorted(self.offered, key=lambda one: one.is_asked)
        return next((one.path for one in made_first if one.path not in shown), None)

    def _fitting(self, path: str) -> results.Show:
        kind = next(one.kind for one in self.offered if one.path == path)
        return _SHOWN.get(kind, "text")


_EDITORS: Mapping[str, Callable[[Draft, Any], Editor]] = {
    "form": FormEditor,
    "sample": SampleEditor,
    "result": ResultEditor,
    "about": AboutEditor,
}


def part_editor(draft: Draft, part: str, data: Any = None) -> Editor:
    """Return the editor of a part; raises `NotFound`."""
    kind = _EDITORS.get(part)
    if kind is None:
        raise NotFound(_("There is no such part."), hint=_("Go back to the builder and choose a sentence."))
    return kind(draft, data)
