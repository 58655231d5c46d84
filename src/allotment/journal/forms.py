"""The filter above the list of entries.

Invariant: what the list cannot read is said beside its field and left out; evidence refuses it instead, so that a pack
never holds more than was asked for.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from allotment.journal.queries import Wanted
from allotment.journal.searching import Named, actions, actors, apps, short
from allotment.journal.sentences import known_actions
from allotment.kernel.errors import Invalid

FEW = 60
"""As many as can be chosen from a list; of more, a name is typed."""
_MOST_TOLD = 5
_ANY = ("", _("Any"))
_OUTCOMES = (
    _ANY,
    ("done", _("Done")),
    ("allowed", _("Allowed")),
    ("refused", _("Refused")),
    ("failed", _("Failed")),
)
_BESIDE_THE_FILTER = frozenset({"before", "ticket"})
"""What an address may hold too: where a page begins, and entries that were chosen one by one."""


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OneByName(forms.Field):
    """One of those that the journal mentions: from a list if there are few, else by name or a part of it.

    An id is understood, too; links lead here by it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self._named: tuple[Named, ...] = ()

    def offer(self, named: Sequence[Named]) -> None:
        """Let these be chosen. To be called before the form is shown or read."""
        self._named = tuple(named)
        if len(named) <= FEW:
            self.widget = forms.Select(choices=[_ANY, *((str(one.id), one.name) for one in named)])
        else:
            self.widget = forms.TextInput(attrs={"placeholder": gettext("Part of a name")})

    def offer_also(self, said: str) -> None:
        """Show an id that came by a link as chosen, even if no entry mentions it."""
        chosen = _uuid(said)
        if chosen is not None and all(one.id != chosen for one in self._named):
            self.offer([*self._named, Named(chosen, short(str(chosen)))])

    def prepare_value(self, value: Any) -> Any:
        """Show a name in the field for typing, not the id of a link."""
        chosen = _uuid(value)
        if chosen is None:
            return value
        if isinstance(self.widget, forms.Select):
            return str(chosen)
        return next((one.name for one in self._named if one.id == chosen), value)

    def to_python(self, value: Any) -> UUID | None:
        """Return the one that is meant; refuses a name that nobody has, or that several may mean."""
        said = str(value or "").strip()
        if not said or (chosen := _uuid(said)) is not None:
            return chosen if said else None
        folded = said.casefold()
        found = [one for one in self._named if one.name.casefold() == folded]
        found = found or [one for one in self._named if folded in one.name.casefold()]
        if len(found) == 1:
            return found[0].id
        raise forms.ValidationError(
            _several(found) if found else gettext("The journal mentions no such name.")
        )


def _several(found: Sequence[Named]) -> str:
    told = ", ".join(f"“{one.name}”" for one in found[:_MOST_TOLD])
    if (more := len(found) - _MOST_TOLD) > 0:
        told += " " + ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more}
    return gettext("This may mean %(names)s. Type more of the name.") % {"names": told}


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


class FilterForm(forms.Form):
    """Which entries to show. Everything is optional; the rest of the page works without it."""

    text = forms.CharField(label=_("With these words"), required=False, max_length=200)
    actor = OneByName(label=_("Who"))
    app = OneByName(label=_("App"))
    action = forms.ChoiceField(label=_("Did what"), required=False)
    outcome = forms.ChoiceField(label=_("How it ended"), required=False, choices=_OUTCOMES)
    since = forms.DateField(label=_("From"), required=False, widget=_day())
    until = forms.DateField(label=_("Until"), required=False, widget=_day())
    flagged = forms.BooleanField(label=_("Only what needs a look"), required=False)
    readings = forms.BooleanField(label=_("Also who read the journal"), required=False)
    run = forms.UUIDField(label=_("Run"), required=False, widget=forms.HiddenInput)

    def __init__(self, said: MultiValueDict[str, str]) -> None:
        super().__init__(said)
        for name, known in (("actor", actors()), ("app", apps())):
            field = self.fields[name]
            if isinstance(field, OneByName):
                field.offer(known)
                field.offer_also(said.get(name, ""))
        action = self.fields["action"]
        if isinstance(action, forms.ChoiceField):
            action.choices = [_ANY, *known_actions(actions())]

    def wanted(self) -> Wanted:
        """Return what to look for; a value that cannot be read is left out."""
        self.is_valid()
        data = self.cleaned_data
        return Wanted(
            actor=data.get("actor"),
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

    def wanted_exactly(self) -> Wanted:
        """Return what to look for; raises `Invalid` if anything that was said cannot be read."""
        unknown = sorted(set(self.data) - set(self.fields) - _BESIDE_THE_FILTER)
        told = [gettext("“%(name)s” is no filter") % {"name": name} for name in unknown]
        told += [f"{self[name].label}: {' '.join(map(str, said))}" for name, said in self.errors.items()]
        if told:
            raise Invalid(
                gettext("This filter cannot be read, so nothing is handed out. %(problems)s")
                % {"problems": " · ".join(told)},
                hint=gettext("Go back and mend it: evidence holds what was asked for, and nothing else."),
                where=next(iter([*unknown, *self.errors])),
            )
        return self.wanted()

    def is_in_use(self) -> bool:
        """Whether anything is filtered out."""
        return self.wanted() != Wanted()
