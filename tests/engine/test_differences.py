"""What changed is told in sentences."""

from allotment.engine.spec.differences import differences
from allotment.engine.spec.reading import from_plain, to_plain
from tests.engine.content import starters


def test_a_newer_template_is_told_with_both_versions() -> None:
    old = starters()["reply-to-a-customer"]
    plain = to_plain(old)
    plain["steps"][1]["template"] = "customer-reply@3"
    (change,) = differences(old, from_plain(plain), {"customer-reply@3": "Customer reply"})
    assert change.where == "steps.reply.template"
    assert (change.before, change.after) == ("customer-reply@1", "customer-reply@3")
    assert str(change.sentence) == (
        "Step “reply” now uses Customer reply, version 3 instead of Customer reply, version 1"
    )


def test_new_gone_and_moved_steps_are_told_apart() -> None:
    old = starters()["sort-this-inbox"]
    plain = to_plain(old)
    first, second, third = plain["steps"]
    plain["steps"] = [second, first, {**third, "step": "rank"}]
    kinds = {(change.where, change.kind) for change in differences(old, from_plain(plain))}
    assert kinds == {
        ("steps.team", "moved"),
        ("steps.mood", "moved"),
        ("steps.priority", "removed"),
        ("steps.rank", "added"),
    }
