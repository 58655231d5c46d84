"""Reading labels and fields out of what models really write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.adapters.wires.answers import read
from allotment.engine.asking import AnswerFields, AnswerLabel

LABELS = AnswerLabel(("card", "card payment", "refund"))
FIELDS = AnswerFields({"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("refund", "refund"),
        (' "Refund". ', "refund"),
        ('{"label": "card"}', "card"),
        ('```json\n{"label": "card"}\n```', "card"),
        ("The label is card payment.", "card payment"),
        ("It could be a card or a refund.", None),
        ("cardboard", None),
        ("", None),
    ],
)
def test_a_label_is_found_or_refused(text: str, label: str | None) -> None:
    assert read(LABELS, text) == label


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"n": 1}', '{"n": 1}'),
        ('Sure! ```json\n{"n": 1.5}\n``` Anything else?', '{"n": 1.5}'),
        ('{n: 1} {"n": 2}', '{"n": 2}'),
        ('{"n": "one"}', None),
        ('{"n": 1', None),
        ("[1]", None),
    ],
)
def test_fields_are_found_or_refused(text: str, fields: str | None) -> None:
    assert read(FIELDS, text) == fields


@given(st.text())
def test_whatever_a_model_writes_a_label_is_one_of_ours_or_none(text: str) -> None:
    assert read(LABELS, text) in {*LABELS.labels, None}
