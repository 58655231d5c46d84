"""Wording: slots follow the text, and plain text stays plain."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.engine.templates import Slot, Template, fill
from allotment.kernel.errors import Invalid
from allotment.prompts.slots import slot_from_data, slot_to_data
from allotment.prompts.wording import (
    MAX_TEXT,
    Piece,
    Wording,
    pieces,
    problems,
    require_sound,
    text_of_pieces,
    tidy,
    worded,
)
from tests.prompts.wordings import REPLY, wordings


def test_slots_are_those_of_the_text_in_order() -> None:
    wording = worded("For {b}.", "About {a} and {b}.", (Slot("a", "The A", "number"), Slot("gone", "Gone")))
    assert [slot.name for slot in wording.slots] == ["b", "a"]
    assert wording.slots[0] == Slot("b", "B", "long text")
    assert wording.slots[1].label == "The A"


def test_tidy_keeps_one_kind_of_line_end_and_drops_control_characters() -> None:
    assert tidy("\r\n a\r\nb\rc\x00\x07 \n") == "a\nb\nc"


@settings(max_examples=100, deadline=None)
@given(wording=wordings())
def test_pieces_say_what_the_engine_fills(wording: Wording) -> None:
    values = {slot.name: f"<{slot.name}>" for slot in wording.slots}
    template = Template("t", 1, "T", "", wording.user, wording.slots, "")
    said = "".join(values[piece.text] if piece.is_slot else piece.text for piece in pieces(wording.user))
    assert fill(template, values)[0].content == said


_any_pieces = st.lists(
    st.one_of(
        st.builds(Piece, st.text(alphabet="a{}b \n", min_size=1, max_size=6)),
        st.builds(Piece, st.sampled_from(["a", "b_1"]), st.just(value=True)),
    ),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(parts=_any_pieces)
def test_text_of_pieces_splits_into_the_same_pieces(parts: list[Piece]) -> None:
    flat = [(char, False) for part in parts for char in part.text if not part.is_slot]
    again = pieces(text_of_pieces(parts))
    assert [(char, False) for part in again for char in part.text if not part.is_slot] == flat
    assert [part.text for part in again if part.is_slot] == [part.text for part in parts if part.is_slot]


@pytest.mark.parametrize("slot", REPLY.wording.slots, ids=lambda slot: slot.name)
def test_a_slot_is_the_same_after_being_written_down(slot: Slot) -> None:
    assert slot_from_data(slot_to_data(slot)) == slot


@pytest.mark.parametrize(
    "data",
    [
        {"name": "Bad Name"},
        {"name": "x", "kind": "code"},
        {"name": "x", "max_length": 0},
        {"name": "x", "surprise": 1},
        {"label": "no name"},
        "text",
        None,
    ],
)
def test_slots_that_cannot_be_are_refused(data: object) -> None:
    with pytest.raises(Invalid):
        slot_from_data(data)


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(Invalid, match="Write what the model is asked"):
        require_sound(worded("Be kind.", "  "))


def test_too_long_text_is_refused_with_the_limit() -> None:
    assert str(MAX_TEXT) in problems(worded("", "x" * (MAX_TEXT + 1)))[0].message


@pytest.mark.parametrize(
    "slot",
    [
        Slot("a", "A", "choice", options=("one",)),
        Slot("a", "A", "choice", options=("one", "two"), example="three"),
        Slot("a", "A", "number", example="many"),
        Slot("a", "A", "date", example="tomorrow"),
        Slot("a", "A", "text", example="two\nlines"),
        Slot("a", "A", max_length=3, example="long"),
    ],
)
def test_slots_that_contradict_themselves_are_named(slot: Slot) -> None:
    assert problems(worded("", "{a}", (slot,)))[0].field == "slots.a"


def test_too_many_slots_are_refused() -> None:
    assert "at most 30" in problems(worded("", " ".join(f"{{s{number}}}" for number in range(31))))[0].message
