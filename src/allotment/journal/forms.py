"""The filter above the list of entries."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from allotment.journal.queries import Wanted, actors
from allotment.journal.sentences import known_actions

_ANY = ("", _("Any"))
_OUTCOMES = (
    _ANY,
    ("done", _("Done")),
    ("allowed", _("Allowed")),
    ("refused", _("Refused")),
    ("failed", _("Failed")),
)


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """Which entries to show. Everything is optional; the rest of the page works without it."""

    actor = forms.ChoiceField(label=_("Who"), required=False)
    action = forms.ChoiceField(label=_("Did what"), required=False)
    outcome = forms.ChoiceField(label=_("How it ended"), required=False, choices=_OUTCOMES)
    text = forms.CharField(label=_("With these words"), required=False, max_length=200)
    since = forms.DateField(label=_("From"), required=False, widget=_day())
    until = forms.DateField(label=_("Until"), required=False, widget=_day())
    flagged = forms.BooleanField(label=_("Only what needs a look"), required=False)
    readings = forms.BooleanField(label=_("Also who read the journal"), required=False)
    app = forms.UUIDField(required=False, widget=forms.HiddenInput)
    run = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["actor"], [_ANY, *((str(one), name) for one, name in actors())])
        _offer(self.fields["action"], [_ANY, *known_actions()])

    def wanted(self) -> Wanted:
        """Return what to look for; a value that cannot be read is left out."""
        self.is_valid()
        data = self.cleaned_data
        return Wanted(
            actor=data.get("actor") or None,
            app=data.get("app"),
            run=data.get("run"),
            action=data.get("action") or "",
            outcome=data.get("outcome") or "",
            since=data.get("since"),
            until=data.get("until"),
            text=(data.get("text") or "").strip(),
            is_flagged=bool(data.get("flagged")),
            with_readings=bool(data.get("readings")),
        )

    def is_in_use(self) -> bool:
        """Whether anything is filtered out."""
        return self.wanted() != Wanted()


def _offer(field: forms.Field, choices: list[tuple[Any, Any]]) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = choices
