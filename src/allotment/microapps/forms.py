"""The forms of this feature's pages."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import DataClass, DataUse
from allotment.microapps.drafting import MOST_CHARACTERS
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience
from allotment.microapps.values import AppDetail, Named

_DATA_CLASSES = (
    (DataClass.PUBLIC.value, _("Public: anyone may read it")),
    (DataClass.INTERNAL.value, _("Internal: everyone who works here may read it")),
    (DataClass.CONFIDENTIAL.value, _("Confidential: only those who need it")),
    (DataClass.RESTRICTED.value, _("Restricted: it never leaves this machine")),
)
_RETENTION = ("7 days", "30 days", "90 days", "1 year")


class DescribeForm(forms.Form):
    """One sentence."""

    need = forms.CharField(
        label=_("Describe your app"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "placeholder": _(
                    "Write a polite reply to a customer’s question and sort it by topic, "
                    "so that the right colleague sends it."
                ),
            }
        ),
        error_messages={"required": _("Say in a sentence what the app should do.")},
    )


class SettingsForm(forms.Form):
    """What an app's owner decides beside its steps."""

    title = forms.CharField(label=_("Title"), max_length=120)
    purpose = forms.CharField(
        label=_("What it is for"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One or two sentences. Colleagues choose apps by it."),
    )
    data_class = forms.ChoiceField(label=_("How sensitive its data is"), choices=_DATA_CLASSES)
    personal = forms.BooleanField(
        label=_("It touches personal data"),
        required=False,
        help_text=_("Names, addresses, anything about a person who can be recognised."),
    )
    special = forms.BooleanField(
        label=_("It touches special-category data"),
        required=False,
        help_text=_("Health, belief, origin, union membership, biometrics, sex life."),
    )
    subjects = forms.CharField(
        label=_("Whose data it is"),
        max_length=200,
        required=False,
        help_text=_("Separate with commas: customers, applicants"),
    )
    basis = forms.CharField(
        label=_("Why you may use it"),
        max_length=200,
        required=False,
        help_text=_("The legal basis, such as: contract, consent, legitimate interest"),
    )
    retention = forms.ChoiceField(label=_("How long results are kept"))
    deputy = forms.ChoiceField(
        label=_("Deputy"), required=False, help_text=_("Looks after the app when you are away.")
    )
    space = forms.ChoiceField(
        label=_("Space"), required=False, help_text=_("The team it belongs to; its rules and budget apply.")
    )

    def __init__(
        self, app: AppDetail, deputies: Iterable[Named], spaces: Iterable[Named], data: Any = None
    ) -> None:
        super().__init__(data, initial=None if data is not None else _settings_of(app))
        kept = app.data.retention
        periods = _RETENTION if not kept or kept in _RETENTION else (kept, *_RETENTION)
        self._field("retention").choices = [(period, period) for period in periods]
        self._field("deputy").choices = [("", _("Nobody yet")), *_choices(deputies)]
        self._field("space").choices = [("", _("No space")), *_choices(spaces)]

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        return field

    @property
    def data_use(self) -> DataUse:
        """The data use that was chosen."""
        said = self.cleaned_data
        return DataUse(
            class_=DataClass(said["data_class"]),
            personal=said["personal"],
            special=said["special"],
            subjects=tuple(part.strip() for part in said["subjects"].split(",") if part.strip()),
            basis=said["basis"],
            retention=said["retention"],
        )


class PublishForm(forms.Form):
    """Whom to share with."""

    audience = forms.ChoiceField(
        label=_("Who may run it"), choices=Audience.choices, widget=forms.RadioSelect
    )
    space = forms.ChoiceField(label=_("Which space"), required=False)
    people = forms.MultipleChoiceField(
        label=_("Which people"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, app: AppDetail, people: Iterable[Named], spaces: Iterable[Named], data: Any = None
    ) -> None:
        initial = {
            "audience": app.audience.value,
            "space": "" if app.space is None else str(app.space.id),
            "people": [str(person.id) for person in app.people],
        }
        super().__init__(data, initial=initial)
        self.fields["space"].choices = _choices(spaces)  # type: ignore[attr-defined]
        self.fields["people"].choices = _choices(people)  # type: ignore[attr-defined]

    @property
    def wanted(self) -> WantedReach:
        """The reach that was chosen; what another audience would use is dropped."""
        audience = Audience(self.cleaned_data["audience"])
        space = self.cleaned_data["space"] if audience is Audience.SPACE else ""
        people = self.cleaned_data["people"] if audience is Audience.PEOPLE else ()
        return WantedReach(audience, UUID(space) if space else None, tuple(UUID(one) for one in people))


def _settings_of(app: AppDetail) -> dict[str, object]:
    return {
        "title": app.title,
        "purpose": app.purpose,
        "data_class": app.data.class_.value,
        "personal": app.data.personal,
        "special": app.data.special,
        "subjects": ", ".join(app.data.subjects),
        "basis": app.data.basis,
        "retention": app.data.retention,
        "deputy": "" if app.deputy is None else str(app.deputy.id),
        "space": "" if app.space is None else str(app.space.id),
    }


def _choices(named: Iterable[Named]) -> list[tuple[str, str]]:
    return [(str(one.id), one.name) for one in named]
