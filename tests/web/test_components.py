"""Every example of every component renders, and what people typed arrives escaped."""

from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template, engines
from django.template.loader import render_to_string

from allotment.web.examples import SampleForm, Section, example_context, sections


def rendered(source: str, **context: object) -> str:
    """Render a template with component tags, as a page would hold it."""
    loader = engines["django"].engine.template_loaders[0].loaders[0]
    return Template(loader.cotton_compiler.process(source)).render(Context(context))


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_every_example_renders(section: Section) -> None:
    html = render_to_string(section.template, example_context())
    assert "<c-" not in html
    assert "{{" not in html
    assert "{%" not in html
    assert "example-stage" in html


def test_every_component_has_style_and_examples_or_belongs_to_one_that_has() -> None:
    parts = {"tab", "step", "filled", "figure", "example"}
    folder = Path(__file__).parents[2] / "src/allotment/web/templates/components"
    for component in folder.iterdir():
        assert (component / "index.html").is_file(), component.name
        if component.name not in parts:
            assert (component / "style.css").is_file(), component.name
            assert (component / "examples.html").is_file(), component.name


def test_a_button_with_an_address_is_a_link() -> None:
    assert '<a class="button go " href="/x">Open</a>' in rendered(
        '<c-button kind="go" href="/x">Open</c-button>'
    )


def test_undeclared_attributes_reach_the_element_and_are_escaped() -> None:
    html = rendered(
        '<c-button :value="typed" hx-get="/a?b={{ typed }}" :disabled="off" :hidden="on">Go</c-button>',
        typed='"><script>alert(1)</script>',
        off=False,
        on=True,
    )
    assert "<script>" not in html
    assert "disabled" not in html
    assert " hidden" in html
    assert 'value="&quot;&gt;&lt;script&gt;' in html


def test_values_inside_components_are_escaped() -> None:
    html = rendered('<c-card :title="typed"><c-chip>{{ typed }}</c-chip></c-card>', typed="<b>&")
    assert html.count("&lt;b&gt;&amp;") == 2


def test_a_component_inside_another_does_not_inherit_its_words() -> None:
    html = rendered(
        '<c-card title="Outer"><c-slot name="footer">Foot</c-slot><c-card>inner</c-card></c-card>',
        title="Page",
    )
    assert html.count("Outer") == 1
    assert html.count("Foot") == 1
    assert "Page" not in html


def test_a_bound_field_shows_label_help_error_and_their_ties() -> None:
    form = SampleForm({"email": "mira@"})
    html = rendered('<c-form-field :field="form.email" /><c-form-field :field="form.name" />', form=form)
    assert '<label class="field-label" for="id_email">' in html
    assert 'aria-describedby="id_email_error"' in html
    assert 'id="id_email_error"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'value="mira@"' in html


def test_a_field_by_attributes_keeps_what_was_typed() -> None:
    html = rendered(
        '<c-form-field name="q" kind="long text" label="Question" :value="typed" error="Too short." required />',
        typed="</textarea><script>",
    )
    assert "&lt;/textarea&gt;&lt;script&gt;</textarea>" in html
    assert 'aria-describedby="q-error"' in html
    assert "optional" not in html


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("short text", 'type="text"'),
        ("number", 'type="number"'),
        ("money", 'step="0.01"'),
        ("date", 'type="date"'),
        ("yes/no", 'type="checkbox"'),
        ("choice", "<select"),
        ("several choices", "<fieldset"),
        ("e-mail", 'type="email"'),
        ("person", "<select"),
        ("table", 'type="file"'),
        ("document", 'type="file"'),
        ("long text", "<textarea"),
    ],
)
def test_every_kind_of_the_app_spec_has_its_input(kind: str, expected: str) -> None:
    html = rendered(
        '<c-form-field name="f" :kind="kind" label="F" :options="options" />', kind=kind, options=("a", "b")
    )
    assert expected in html


def test_a_hidden_field_has_no_label() -> None:
    class Hidden(forms.Form):
        key = forms.CharField(widget=forms.HiddenInput)

    html = rendered('<c-form-field :field="form.key" />', form=Hidden({"key": "7"}))
    assert "<label" not in html
    assert 'value="7"' in html


def test_a_comparison_says_added_and_removed_in_words() -> None:
    html = render_to_string("components/diff/examples.html", example_context())
    assert "<ins>Use at most six sentences." in html
    assert ">removed<" in html
