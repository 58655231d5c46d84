"""The small forms inside sentences. A list of them is numbered: `field-0-label`, `field-1-label`, …"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import FieldKind
from allotment.engine.spec.words import MOST_OPTIONS
from allotment.microapps.building.naming import lines, paragraph
from allotment.microapps.building.sources import FIXED, Choices

MOST_ROWS = 50
_LONGEST_LINE = 120
KINDS = (
    (FieldKind.SHORT_TEXT.value, _("A short text")),
    (FieldKind.LONG_TEXT.value, _("A long text")),
    (FieldKind.CHOICE.value, _("One of several choices")),
    (FieldKind.SEVERAL.value, _("Several choices")),
    (FieldKind.YES_NO.value, _("Yes or no")),
    (FieldKind.NUMBER.value, _("A number")),
    (FieldKind.MONEY.value, _("An amount of money")),
    (FieldKind.DATE.value, _("A date")),
    (FieldKind.EMAIL.value, _("An e-mail address")),
    (FieldKind.PERSON.value, _("A person’s name")),
    (FieldKind.DOCUMENT.value, _("A document (pdf, docx, txt, md, html, e-mail)")),
    (FieldKind.TABLE.value, _("A spreadsheet (csv, xlsx)")),
)
COMPARISONS = (
    ("is", _("is")),
    ("is not", _("is not")),
    ("contains", _("contains")),
    ("is empty", _("is empty")),
    ("is not empty", _("is not empty")),
    ("is more than", _("is more than")),
    ("is less than", _("is less than")),
)
OUTCOMES = (
    ("stop", _("stop and say")),
    ("go_to", _("go on at")),
    ("value", _("take the value")),
)
SHOWS = (
    ("text", _("as text")),
    ("label", _("as a label")),
    ("fields", _("as a small table")),
    ("list", _("as a list")),
    ("table", _("as a table")),
    ("chart", _("as a picture")),
)
ANSWERS = (
    ("text", _("Free text")),
    ("labels", _("One of these labels")),
    ("fields", _("Named details, one by one")),
)
ANSWER_KINDS = (
    ("text", _("a text")),
    ("number", _("a number")),
    ("date", _("a date")),
    ("yes/no", _("yes or no")),
    ("list", _("a list")),
)
_ANY_LINE = {"autocomplete": "off"}

F = TypeVar("F", bound=forms.Form)


def rows(
    make: Callable[[str, Any, Mapping[str, Any]], F],
    prefix: str,
    initial: Sequence[Mapping[str, Any]],
    data: Any,
) -> list[F]:
    """Return numbered forms: as many as were posted, or one for each initial."""
    count = len(initial)
    if data is not None:
        posted = data.get(f"{prefix}-count", "")
        count = min(int(posted), MOST_ROWS) if posted.isdecimal() else 0
    blank: Mapping[str, Any] = {}
    return [
        make(f"{prefix}-{index}", data, initial[index] if index < len(initial) else blank)
        for index in range(count)
    ]


class Lines(forms.CharField):
    """A list, one entry a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=6000, **options)

    def clean(self, value: Any) -> Any:
        """Return the entries."""
        entries = lines(str(super().clean(value)))
        if len(entries) > MOST_OPTIONS:
            raise forms.ValidationError(
                _("There are %(count)s; %(most)s is the most."),
                params={"count": len(entries), "most": MOST_OPTIONS},
            )
        if any(len(entry) > _LONGEST_LINE for entry in entries):
            raise forms.ValidationError(
                _("One of them is longer than %(most)s characters. Shorten it."),
                params={"most": _LONGEST_LINE},
            )
        return entries


class FieldForm(forms.Form):
    """One field of the app's form. `name` is its machine name, empty for none."""

    name = forms.CharField(widget=forms.HiddenInput)
    label = forms.CharField(
        label=_("What people read beside it"),
        max_length=120,
        error_messages={"required": _("Say what people should fill in.")},
        widget=forms.TextInput(attrs=_ANY_LINE),
    )
    kind = forms.ChoiceField(label=_("What they fill in"), choices=KINDS)
    required = forms.BooleanField(label=_("It must be filled in"), required=False)
    options = Lines(label=_("The choices"), help_text=_("One a line."))
    help = forms.CharField(
        label=_("A hint below it"), max_length=200, required=False, widget=forms.TextInput(attrs=_ANY_LINE)
    )
    max = forms.IntegerField(
        label=_("At most"),
        required=False,
        min_value=1,
        max_value=1_000_000_000,
        help_text=_("Characters of a text, or the largest number."),
    )


class SourceForm(forms.Form):
    """Where a slot's value comes from."""

    source = forms.ChoiceField(required=False)
    text = forms.CharField(
        label=_("The text"), max_length=3900, required=False, widget=forms.TextInput(attrs=_ANY_LINE)
    )

    def __init__(self, *, choices: Choices, label: str, suggestions: str = "", **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices
        field.label = label
        if suggestions:
            self.fields["text"].widget.attrs["list"] = suggestions

    @property
    def said(self) -> str:
        """The source as a spec writes it; empty for none."""
        source: str = self.cleaned_data["source"]
        return FIXED + paragraph(self.cleaned_data["text"]) if source == FIXED else source


def source_initial(source: object) -> dict[str, str]:
    """Return how a source is shown in a `SourceForm`."""
    if not isinstance(source, str):
        return {}
    return {"source": FIXED, "text": source[1:]} if source.startswith(FIXED) else {"source": source}


class AnswerForm(forms.Form):
    """What a step makes and who is asked."""

    words = forms.CharField(
        label=_("Call what comes out"),
        max_length=40,
        help_text=_("A word or two, such as “reply” or “topic”. The other sentences use it."),
        widget=forms.TextInput(attrs=_ANY_LINE),
    )
    kind = forms.ChoiceField(label=_("The answer is"), choices=ANSWERS, widget=forms.RadioSelect)
    labels = Lines(
        label=_("The labels"), help_text=_("One a line. The answer is always exactly one of them.")
    )
    max_words = forms.IntegerField(label=_("Words at most"), required=False, min_value=1, max_value=5000)
    model = forms.ChoiceField(label=_("Who answers"), required=False)

    def __init__(self, *, models: Choices, **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = models


class DetailForm(forms.Form):
    """One named detail of an answer. `name` is its machine name."""

    name = forms.CharField(widget=forms.HiddenInput)
    words = forms.CharField(label=_("Detail"), max_length=40, widget=forms.TextInput(attrs=_ANY_LINE))
    kind = forms.ChoiceField(label=_("What it is"), choices=ANSWER_KINDS)


class NameForm(forms.Form):
    """What a step makes, in words."""

    words = forms.CharField(
        label=_("Call what comes out"), max_length=40, widget=forms.TextInput(attrs=_ANY_LINE)
    )


class ChoiceForm(forms.Form):
    """One choice among values."""

    path = forms.ChoiceField()

    def __init__(self, *, choices: Choices, label: str, **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["path"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices
        field.label = label


class ConditionForm(ChoiceForm):
    """One condition of a case."""

    comparison = forms.ChoiceField(label=_("How it compares"), choices=COMPARISONS)
    to = forms.CharField(
        label=_("With what"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={**_ANY_LINE, "list": "known-options"}),
    )


class OutcomeForm(SourceForm):
    """What happens when a case applies."""

    outcome = forms.ChoiceField(label=_("then"), choices=OUTCOMES)
    stop = forms.CharField(
        label=_("What people read"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    go_to = forms.ChoiceField(label=_("The step to go on at"), required=False)

    def __init__(self, *, later: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        field = self.fields["go_to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = later


class ShownForm(ChoiceForm):
    """One part of the result."""

    show = forms.ChoiceField(label=_("How"), choices=SHOWS)
    title = forms.CharField(
        label=_("Heading above it"), max_length=120, required=False, widget=forms.TextInput(attrs=_ANY_LINE)
    )


class ManyForm(forms.Form):
    """How an app runs over many rows."""

    same_once = forms.BooleanField(
        label=_("Rows that are filled in alike may be answered once"),
        required=False,
        help_text=_("Saves time and money where the same text always deserves the same answer."),
    )


class VersionForm(forms.Form):
    """A note beside a version."""

    note = forms.CharField(
        label=_("What changed, in a few words"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={**_ANY_LINE, "id": "version-note"}),
    )
