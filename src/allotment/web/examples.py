"""The examples of every component: what the gallery shows, the tests render and axe examines."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _

_COMPONENTS = Path(__file__).parent / "templates" / "components"


@dataclass(frozen=True)
class Section:
    """One component in the gallery."""

    name: str
    template: str

    @property
    def title(self) -> str:
        """Return the name as people write the tag."""
        return self.name.replace("_", "-")


@cache
def sections() -> tuple[Section, ...]:
    """Return every component that has examples, by name."""
    found = sorted(_COMPONENTS.glob("*/examples.html"))
    return tuple(Section(path.parent.name, f"components/{path.parent.name}/examples.html") for path in found)


@dataclass(frozen=True)
class SampleLine:
    """A line of the example comparison."""

    kind: str
    text: str


class SampleForm(forms.Form):
    """A form with the usual kinds of fields."""

    name = forms.CharField(
        label=_("Name of the app"), max_length=80, help_text=_("As your team will look for it.")
    )
    email = forms.EmailField(label=_("Who answers questions"), required=False)
    question = forms.CharField(
        label=_("What did the customer write?"), widget=forms.Textarea(attrs={"rows": 3})
    )
    tone = forms.ChoiceField(label=_("Tone"), choices=[("warm", _("Warm")), ("plain", _("Plain"))])
    reach = forms.ChoiceField(
        label=_("Who can run it"),
        choices=[("me", _("Only me")), ("space", _("Everyone in my space"))],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label=_("Keep the results"), required=False, help_text=_("For 30 days."))


def example_context() -> dict[str, object]:
    """Return what examples refer to: a fresh form, and one that came back with errors."""
    broken = SampleForm(
        {"broken-email": "mira@", "broken-question": "Hello", "broken-tone": "warm"}, prefix="broken"
    )
    broken.is_valid()
    return {
        "sample_form": SampleForm(initial={"name": "Card questions", "reach": "me"}, prefix="sample"),
        "broken_form": broken,
        "sample_page": Paginator(range(60), 20).page(2),
        "sample_diff": (
            SampleLine("same", "Write a reply to this question from a customer of our {industry} business."),
            SampleLine("removed", "Be brief."),
            SampleLine("added", "Use at most six sentences. Promise nothing that is not in the question."),
            SampleLine("same", "{customer_query}"),
        ),
    }
