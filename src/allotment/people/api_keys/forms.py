"""The forms of the key pages. They check what was typed; capabilities do the rest."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import DataClass
from allotment.people.api_keys.freeing import LEAST_REASON
from allotment.people.api_keys.issuing import USUAL_DAYS, WantedKey
from allotment.people.api_keys.models import MOST_NAME, MOST_REASON
from allotment.people.api_keys.owning import OwnedApp

_LIFETIMES = ((30, _("30 days")), (USUAL_DAYS, _("90 days")), (180, _("Half a year")), (365, _("A year")))
_GRANTS = ((7, _("A week")), (30, _("30 days")), (90, _("90 days")))
_DATA_CLASSES = (
    (DataClass.PUBLIC.value, _("Public: anyone may read it")),
    (DataClass.INTERNAL.value, _("Internal: everyone who works here may read it")),
    (DataClass.CONFIDENTIAL.value, _("Confidential: only those who need it")),
    (DataClass.RESTRICTED.value, _("Restricted: it never leaves this machine")),
)


class MakeKeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        label=_("What will use it?"),
        max_length=MOST_NAME,
        help_text=_("For example “Night report”. You and the officers see it."),
    )
    app = forms.ChoiceField(
        label=_("In whose name does it ask?"),
        required=False,
        help_text=_("The key of an app asks only with the templates of its published version."),
    )
    data_class = forms.ChoiceField(
        label=_("How sensitive is what it sends?"),
        choices=_DATA_CLASSES,
        initial=DataClass.INTERNAL.value,
        help_text=_("Models that are not approved for it cannot be asked. The key of an app has its app’s."),
    )
    days = forms.TypedChoiceField(
        label=_("How long does it last?"), choices=_LIFETIMES, coerce=int, initial=USUAL_DAYS
    )

    def __init__(self, data: Mapping[str, Any] | None, *, apps: Sequence[OwnedApp]) -> None:
        super().__init__(data)
        if apps:
            named = [(str(app.id), gettext("The app “%(title)s”") % {"title": app.title}) for app in apps]
            self.fields["app"].choices = [("", gettext("Mine")), *named]  # type: ignore[attr-defined]
        else:
            del self.fields["app"]

    def wanted(self) -> WantedKey:
        """Return what was asked for."""
        given = self.cleaned_data
        app = UUID(given["app"]) if given.get("app") else None
        return WantedKey(given["name"], DataClass(given["data_class"]), app, given["days"])


class FreeFormForm(forms.Form):
    """Asking for the right to free words."""

    reason = forms.CharField(
        label=_("Why are approved templates not enough?"),
        min_length=LEAST_REASON,
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences. An officer decides from them."),
    )


class GrantForm(forms.Form):
    """For how long the right is granted."""

    days = forms.TypedChoiceField(label=_("For how long?"), choices=_GRANTS, coerce=int, initial=7)
