"""Forms of models and connections. What was typed into a secret field is never put back into a page."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.asking import ConnectionField, ProviderPlugin
from allotment.engine.spec.app import DataClass
from allotment.kernel.errors import Invalid
from allotment.llms.offering import MOST_TOKENS, Terms
from allotment.llms.queries import OfferedModel
from allotment.llms.rules import possible_ceilings
from allotment.llms.words import ceiling_words

_NANO_PER_TOKEN = Decimal(1000)
"""One dollar per million tokens is a thousand billionths of a dollar per token."""
_MOST_CHARACTERS = 2000
_PLACES = (_("First stand-in"), _("Second stand-in"), _("Third stand-in"))
"""As many as `standing_in.MOST`."""


class ConnectForm(forms.Form):
    """The fields of one kind of provider, and a name for the connection."""

    title = forms.CharField(label=_("Name"), max_length=80, help_text=_("What people here will call it."))

    def __init__(
        self, plugin: ProviderPlugin, *args: Any, keeps_secrets: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._plugin = plugin
        self._keeps_secrets = keeps_secrets
        self.fields["title"].initial = plugin.title
        for field in plugin.fields:
            self.fields[field.name] = self._made(field)

    def _made(self, field: ConnectionField) -> forms.Field:
        is_required = field.is_required and not (field.is_secret and self._keeps_secrets)
        said = gettext("Leave it empty to keep the one there is.") if self._keeps_secrets else field.help
        if field.is_secret:
            hidden = forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"})
            return _text(field, widget=hidden, required=is_required, help_text=said)
        if field.choices:
            return forms.ChoiceField(
                label=field.label,
                choices=field.choices,
                initial=field.default,
                required=is_required,
                widget=forms.RadioSelect,
                help_text="",
            )
        plain = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        return _text(field, widget=plain, required=is_required, initial=field.default, help_text=field.help)

    def values(self) -> dict[str, str]:
        """Return what was filled in, by field name."""
        return {field.name: str(self.cleaned_data.get(field.name) or "") for field in self._plugin.fields}

    def essential(self) -> Iterable[forms.BoundField]:
        """Yield the fields everyone has to look at."""
        return [self[field.name] for field in self._plugin.fields if field.is_required or field.is_secret]

    def further(self) -> Iterable[forms.BoundField]:
        """Yield the fields most people leave as they are."""
        return [
            self[field.name] for field in self._plugin.fields if not (field.is_required or field.is_secret)
        ]

    def needs_further(self) -> bool:
        """Whether to unfold the further fields: something failed, and the remedy may be one of them."""
        return bool(self.errors)

    def refuse(self, error: Invalid) -> None:
        """Put an error beside its field."""
        where = error.where if error.where in self.fields else None
        self.add_error(where, f"{error.message} {error.hint}".strip())

    def ask_for_secrets_again(self) -> None:
        """Say beside each secret that was typed that it is gone; for a form that goes back to the person."""
        for field in self._plugin.fields:
            if field.is_secret and self.data.get(field.name):
                self.add_error(
                    field.name, gettext("For safety, what you typed here was not kept. Type it again.")
                )


def _text(field: ConnectionField, **options: Any) -> forms.CharField:
    return forms.CharField(label=field.label, max_length=_MOST_CHARACTERS, **options)


class TermsForm(forms.Form):
    """What the organisation decides about a model."""

    title = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As makers see it when they choose.")
    )
    ceiling = forms.ChoiceField(
        label=_("The most sensitive data it may be asked with"), widget=forms.RadioSelect
    )
    max_tokens = forms.IntegerField(
        label=_("Longest answer, in tokens"),
        min_value=1,
        max_value=MOST_TOKENS,
        help_text=_("A token is about four letters; a page of text is about 600 tokens."),
    )
    input_price = forms.DecimalField(
        label=_("Our price for a million tokens of question"),
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=3,
        help_text=_("In dollars. Leave it empty to use the published price."),
    )
    output_price = forms.DecimalField(
        label=_("Our price for a million tokens of answer"),
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=3,
        help_text=_("In dollars. Leave it empty to use the published price."),
    )

    def __init__(self, *args: Any, runs_here: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ceilings = possible_ceilings(runs_here=runs_here)
        choices = self.fields["ceiling"]
        if isinstance(choices, forms.ChoiceField):
            choices.choices = [(one.value, ceiling_words(one)) for one in ceilings]
        if runs_here:
            del self.fields["input_price"], self.fields["output_price"]

    def terms(self) -> Terms:
        """Return what was filled in."""
        data: Mapping[str, Any] = self.cleaned_data
        return Terms(
            title=data["title"],
            ceiling=DataClass(data["ceiling"]),
            max_tokens=data["max_tokens"],
            input_price=_per_token(data.get("input_price")),
            output_price=_per_token(data.get("output_price")),
        )


class StandInsForm(forms.Form):
    """Which models may answer when this one cannot, first choice first."""

    def __init__(
        self, *args: Any, possible: Sequence[OfferedModel], chosen: Sequence[UUID] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.has_choices = bool(possible)
        choices = [("", _("Nobody")), *((str(one.id), one.title) for one in possible)]
        for number, label in enumerate(_PLACES):
            self.fields[f"place_{number}"] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=False,
                initial=str(chosen[number]) if number < len(chosen) else "",
            )

    def stand_ins(self) -> list[UUID]:
        """Return who was chosen, in order."""
        return [UUID(value) for value in self.cleaned_data.values() if value]


def per_million(price: int | None) -> Decimal | None:
    """Return nano-dollars per token as dollars per million tokens."""
    return None if price is None else Decimal(price) / _NANO_PER_TOKEN


def _per_token(dollars: Decimal | None) -> int | None:
    return None if dollars is None else int(dollars * _NANO_PER_TOKEN)
