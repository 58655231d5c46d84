"""The form of an app as a Django form, made from its spec. Limits and types are checked by the engine."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from allotment.documents.reading import ENDINGS
from allotment.engine.spec.app import App, FieldKind, FormField

MOST_DOCUMENT_BYTES = 5 * 1024 * 1024
_DOCUMENTS = ",".join(f".{ending}" for ending in ENDINGS)

_YES_NO = (("", "–"), ("yes", "Yes"), ("no", "No"))


def _text(field: FormField) -> forms.Field:
    return forms.CharField(max_length=field.max)


def _long_text(field: FormField) -> forms.Field:
    return forms.CharField(max_length=field.max, widget=forms.Textarea)


def _number(_: FormField) -> forms.Field:
    return forms.DecimalField()


def _date(_: FormField) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))


def _yes_no(_: FormField) -> forms.Field:
    return forms.ChoiceField(choices=_YES_NO)


def _choice(field: FormField) -> forms.Field:
    empty = () if field.required else (("", "–"),)
    return forms.ChoiceField(choices=(*empty, *((option, option) for option in field.options)))


def _several(field: FormField) -> forms.Field:
    choices = tuple((option, option) for option in field.options)
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple)


def _email(_: FormField) -> forms.Field:
    return forms.EmailField()


def _document(_: FormField) -> forms.Field:
    return forms.FileField(widget=forms.FileInput(attrs={"accept": _DOCUMENTS}))


def _table(_field: FormField) -> forms.Field:
    rows = forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "wrap": "off"})
    needed = {"required": _("Choose a file, or paste the rows.")}
    return forms.CharField(widget=rows, strip=False, error_messages=needed)


_MAKERS = {
    FieldKind.LONG_TEXT: _long_text,
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _number,
    FieldKind.DATE: _date,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CHOICE: _choice,
    FieldKind.SEVERAL: _several,
    FieldKind.EMAIL: _email,
    FieldKind.DOCUMENT: _document,
    FieldKind.TABLE: _table,
}


def form_for(
    app: App,
    data: Any = None,
    files: Any = None,
    *,
    initial: Mapping[str, Any] | None = None,
    with_example: bool = False,
) -> forms.Form:
    """Return the app's form: bound when `data` is given, else with `initial` values.

    `with_example`: documents may be left out, because the example's are taken.
    """
    form = forms.Form(data, files, initial=dict(initial or {}), auto_id="field-%s")
    for field in app.form:
        made = _MAKERS.get(field.kind, _text)(field)
        made.label, made.help_text, made.required = field.label, field.help, field.required
        # A browser that knows the limit cuts a long paste without a word; here it is refused with both numbers.
        made.widget.attrs.pop("maxlength", None)
        if with_example and field.kind is FieldKind.DOCUMENT and app.sample.get(field.field):
            made.required = False
            made.help_text = _("The example's text is taken unless you choose a file.")
        form.fields[field.field] = made
    return form


def initial_of(app: App, values: Mapping[str, str]) -> dict[str, Any]:
    """Return stored values as a form takes them: several choices as a list."""
    several = {field.field for field in app.form if field.kind is FieldKind.SEVERAL}
    return {
        name: [part.strip() for part in value.split(",") if part.strip()] if name in several else value
        for name, value in values.items()
    }
