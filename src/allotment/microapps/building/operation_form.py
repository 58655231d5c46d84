"""What every form of an operation shares: selects that keep what is chosen, columns, and how parts are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms

from allotment.engine.spec.app import App
from allotment.microapps.building.naming import Plain, line

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_NOTHING = ("", "–")


@dataclass(frozen=True)
class Around:
    """What an operation can choose from: the columns before it, and the other tables."""

    columns: tuple[str, ...]
    tables: tuple[str, ...]
    spec: App


class OperationForm(forms.Form):
    """One operation. Subclasses say which selects it has, and how they are written in a plan."""

    do = ""

    def __init__(self, around: Around, operation: Plain, **options: Any) -> None:
        super().__init__(initial=self.shown(operation), **options)
        self.around = around
        self.build()

    def build(self) -> None:
        """Add the fields."""
        raise NotImplementedError

    @staticmethod
    def shown(operation: Plain) -> dict[str, Any]:
        """Return the operation as initial values."""
        raise NotImplementedError

    def said(self) -> Plain:
        """Return the operation as a plan writes it, from what was chosen."""
        raise NotImplementedError

    def select(
        self, name: str, label: "str | StrPromise", choices: Sequence[tuple[str, Any]], *, needed: bool = True
    ) -> None:
        """Add a select; what is chosen now stays among its choices."""
        current = str(self.initial.get(name, "") or "")
        known = {key for key, _words in choices}
        offered = [*([] if needed else [_NOTHING]), *choices]
        if current and current not in known:
            offered.append((current, current))
        self.fields[name] = forms.ChoiceField(label=label, choices=offered, required=needed)

    def column(self, name: str, label: "str | StrPromise", *, needed: bool = True) -> None:
        """Add a select of a column."""
        self.select(name, label, [(one, one) for one in self.around.columns], needed=needed)

    def words(
        self,
        name: str,
        label: "str | StrPromise",
        help_text: "str | StrPromise" = "",
        *,
        needed: bool = False,
    ) -> None:
        """Add a line of text."""
        self.fields[name] = forms.CharField(
            label=label,
            max_length=120,
            required=needed,
            help_text=help_text,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def got(self, name: str) -> str:
        """Return what was chosen, in one line."""
        return line(str(self.cleaned_data.get(name) or ""))


def given(key: str, value: str) -> Plain:
    """Return a key that is left out when it has no value."""
    return {key: value} if value else {}
