"""Comparing versions."""

from hypothesis import given, settings

from allotment.engine.templates import Slot
from allotment.prompts.differences import Line, compare, lines_between
from allotment.prompts.wording import Wording, worded
from tests.prompts.wordings import wordings


def test_one_changed_sentence_is_the_only_change() -> None:
    before = worded("Be kind. Be short. Say please.", "{a}")
    after = worded("Be kind. Be very short. Say please.", "{a}")
    found = compare(before, after)
    assert found.system == (
        Line("same", "Be kind."),
        Line("removed", "Be short."),
        Line("added", "Be very short."),
        Line("same", "Say please."),
    )
    assert all(line.kind == "same" for line in (*found.user, *found.slots))
    assert not found.is_empty


def test_a_changed_slot_setting_shows() -> None:
    before, after = (worded("", "{a}", (Slot("a", "A", max_length=most),)) for most in (100, 200))
    assert [line.kind for line in compare(before, after).slots] == ["removed", "added"]


@settings(max_examples=50, deadline=None)
@given(before=wordings(), after=wordings())
def test_a_comparison_holds_both_texts(before: Wording, after: Wording) -> None:
    lines = lines_between(before.user.split("\n"), after.user.split("\n"))
    assert "\n".join(line.text for line in lines if line.kind != "added") == before.user
    assert "\n".join(line.text for line in lines if line.kind != "removed") == after.user
    assert compare(before, before).is_empty
