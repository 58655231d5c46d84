"""Filling templates: slots vary, wording does not, values are data."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.engine.templates import Slot, Template, fill, slots_in, template_digest
from allotment.kernel.errors import Invalid
from tests.engine.content import TEMPLATE_FILES, templates

ONE = Template(
    "one", 1, "One", "", "Say {a} and {b}.", (Slot("a", "A"), Slot("b", "B", is_required=False)), ""
)
anything = st.text(min_size=1, max_size=60).filter(str.strip)


@given(anything, st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_values_go_in_as_they_are(a: str, b: str) -> None:
    (message,) = fill(ONE, {"a": a, "b": b})
    assert message.content == f"Say {a} and {b}."


def test_braces_in_a_value_mean_nothing() -> None:
    (message,) = fill(ONE, {"a": "{b} {{b}} {system}", "b": "no"})
    assert message.content == "Say {b} {{b}} {system} and no."


def test_doubled_braces_in_the_wording_are_braces() -> None:
    template = replace(ONE, system='Answer {{"x": ""}}.')
    system, _ = fill(template, {"a": "x"})
    assert system.content == 'Answer {"x": ""}.'
    assert slots_in(template.system) == ()


@pytest.mark.parametrize("value", ["", "  ", "x" * 4001])
def test_an_empty_or_overlong_value_is_refused(value: str) -> None:
    with pytest.raises(Invalid, match="A"):
        fill(ONE, {"a": value})


def test_the_digest_follows_wording_and_slots() -> None:
    digest = template_digest("", "Say {a}", (Slot("a", "A"),))
    assert digest == template_digest("", "Say {a}", (Slot("a", "A"),))
    assert digest != template_digest("", "Say {a}!", (Slot("a", "A"),))
    assert digest != template_digest("", "Say {a}", (Slot("a", "A", max_length=3),))


@pytest.mark.parametrize("reference", templates())
def test_every_shipped_template_can_be_filled_with_its_examples(reference: str) -> None:
    template = templates()[reference]
    assert {slot.name for slot in template.slots} == {*slots_in(template.system), *slots_in(template.user)}
    messages = fill(template, {slot.name: slot.example for slot in template.slots})
    assert messages[-1].role == "user"


def test_the_library_is_complete() -> None:
    assert len(TEMPLATE_FILES) >= 16
    assert {f"{file.stem}@1" for file in TEMPLATE_FILES} == set(templates())
    assert {slot.name for slot in templates()["customer-reply@1"].slots} == {"industry", "customer_query"}
