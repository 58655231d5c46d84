"""The forms of the people pages. They check what was typed; capabilities do the rest."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from allotment.engine.principals import Role
from allotment.people import queries
from allotment.people.models import Person
from allotment.people.roles import role_name
from allotment.people.setting_up import OpenLink


def _role_choices() -> list[tuple[str, str]]:
    return [(role.value, role_name(role)) for role in Role]


def _space_choices() -> list[tuple[str, str]]:
    return [(str(space.id), space.name) for space in queries.all_spaces()]


def _people_choices() -> list[tuple[str, str]]:
    return [(str(choice.id), choice.name) for choice in queries.people_choices()]


class RolesForm(forms.Form):
    """The roles of one person."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=_role_choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    def chosen_roles(self) -> frozenset[Role]:
        """Return the ticked roles."""
        return frozenset(Role(value) for value in self.cleaned_data["roles"])


class SpacesForm(forms.Form):
    """The spaces of one person."""

    spaces = forms.MultipleChoiceField(
        label=_("Spaces"), choices=_space_choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    def chosen_spaces(self) -> frozenset[UUID]:
        """Return the ticked spaces."""
        return frozenset(UUID(value) for value in self.cleaned_data["spaces"])


class InviteForm(RolesForm, SpacesForm):
    """A new person."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail address"), help_text=_("They sign in with it."))

    field_order = ("name", "email", "roles", "spaces")


class SpaceForm(forms.Form):
    """A space."""

    name = forms.CharField(label=_("Name"), max_length=80)
    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=200,
        required=False,
        help_text=_("One sentence. Members see it."),
    )


class MembersForm(forms.Form):
    """The members of a space."""

    people = forms.MultipleChoiceField(
        label=_("Members"), choices=_people_choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    def chosen_people(self) -> frozenset[UUID]:
        """Return the ticked people."""
        return frozenset(UUID(value) for value in self.cleaned_data["people"])


class NameForm(forms.Form):
    """One's own name."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, help_text=_("Colleagues see it beside your apps.")
    )
    name.widget.attrs["autocomplete"] = "name"


class SetUpForm(forms.Form):
    """Choosing a password with a set-up link. Only the first administrator types an e-mail address."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    email = forms.EmailField(label=_("E-mail address"), help_text=_("You sign in with it."))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. A few words in a row are easy to remember and hard to guess."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, link: OpenLink) -> None:
        super().__init__(data, initial={"name": link.name})
        self._known_email = link.email
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "username"
        if not link.is_first:
            del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easy to guess for this person."""
        data = super().clean() or {}
        if "password" in data:
            somebody = Person(name=data.get("name", ""), email=data.get("email", self._known_email))
            try:
                validate_password(data["password"], somebody)
            except ValidationError as error:
                self.add_error("password", error)
        return data
