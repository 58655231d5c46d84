"""The builder's operations: whatever is done, in whatever order, a readable spec stays readable."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from allotment.engine.spec.app import App, Ask, Choose, FieldKind, Read
from allotment.engine.spec.paths import known_before
from allotment.engine.spec.reading import from_plain
from allotment.engine.spec.validation import problems
from allotment.engine.templates import Slot
from allotment.microapps.building import fields, results, steps
from allotment.microapps.building.naming import name_from, named
from tests.microapps.specs import customer_reply

Plain = dict[str, Any]

WORDS = st.text(max_size=60)
SLOTS = (Slot("text", "Text", "long text"), Slot("tone", "Tone", options=("calm", "formal")))
INDEX = st.integers(0, 6)


def full() -> Plain:
    return customer_reply(
        steps=[
            *customer_reply()["steps"],
            {
                "step": "decision",
                "do": "choose",
                "cases": [
                    {
                        "when": [{"value": "steps.topic", "is": "is", "to": "card"}],
                        "stop": "Ask the card desk.",
                    },
                    {"when": [{"value": "form.industry", "is": "is", "to": "retail"}], "go_to": "details"},
                ],
                "otherwise": "steps.reply",
            },
            {
                "step": "details",
                "do": "ask",
                "template": "customer-reply@1",
                "with": {"customer_query": "steps.reply"},
                "answer": {"fields": {"amount": "number", "due": "date"}},
            },
        ],
        result=[{"show": "text", "from": "steps.reply"}, {"show": "text", "from": "steps.details.amount"}],
    )


def nth(names: list[str], index: int) -> str:
    return names[index % len(names)] if names else "nothing"


def a_step(plain: Plain, index: int) -> str:
    return nth(list(steps.step_names(plain)), index)


def a_field(plain: Plain, index: int) -> str:
    return nth(sorted(fields.field_names(plain)), index)


def _add_field(plain: Plain, index: int, words: str) -> Plain:
    return fields.add_field(plain, words or "Something", list(FieldKind)[index])


def _set_field(plain: Plain, index: int, words: str) -> Plain:
    said = {
        "label": "x" + words,
        "kind": list(FieldKind)[index],
        "options": ["one", "two"],
        "max": 5,
        "help": words,
    }
    return fields.set_field(plain, a_field(plain, index), said)


def _detail(plain: Plain, index: int, words: str) -> Plain:
    if a_step(plain, index) == "nothing":
        return plain
    return steps.rename_answer_field(plain, a_step(plain, index), "amount", words)


def _on_step(change: Callable[[Plain, str, int, str], Plain]) -> Callable[[Plain, int, str], Plain]:
    def changed(plain: Plain, index: int, words: str) -> Plain:
        return change(plain, a_step(plain, index), index, words) if plain["steps"] else plain

    return changed


OPERATIONS: tuple[Callable[[Plain, int, str], Plain], ...] = (
    _add_field,
    _set_field,
    _detail,
    lambda plain, index, words: fields.rename_field(plain, a_field(plain, index), words),
    lambda plain, index, _words: fields.move_field(plain, a_field(plain, index), 1 - index % 3),
    lambda plain, index, _words: fields.remove_field(plain, a_field(plain, index)),
    lambda plain, index, words: fields.set_sample(plain, {a_field(plain, index): words}),
    lambda plain, _index, words: steps.add_ask(
        plain, "sort-into-topics@1", SLOTS, words, {"choice": ["a", "b"]}
    ),
    lambda plain, _index, _words: steps.add_read(plain, "The document"),
    lambda plain, _index, _words: steps.add_choose(plain),
    _on_step(lambda plain, name, _index, words: steps.rename_step(plain, name, words)),
    _on_step(lambda plain, name, index, _words: steps.move_step(plain, name, 1 - index % 3)),
    _on_step(lambda plain, name, _index, _words: steps.remove_step(plain, name)),
    lambda plain, _index, _words: results.show(plain, "steps.topic", "label"),
    lambda plain, index, _words: results.move_shown(plain, index, 1),
    lambda plain, index, _words: results.remove_shown(plain, index),
)
RENAMES = (OPERATIONS[3], OPERATIONS[10], _detail)

changes = st.lists(st.tuples(st.sampled_from(OPERATIONS), INDEX, WORDS), max_size=8)
renames = st.lists(st.tuples(st.sampled_from(RENAMES), INDEX, WORDS), max_size=6)


@settings(deadline=None)
@given(changes)
def test_every_operation_keeps_a_readable_spec(made: list[tuple[Callable[..., Plain], int, str]]) -> None:
    plain = full()
    for operation, index, words in made:
        plain = operation(plain, index, words)
        from_plain(plain)


@settings(deadline=None)
@given(renames)
def test_renaming_never_breaks_a_reference(made: list[tuple[Callable[..., Plain], int, str]]) -> None:
    plain = full()
    before = from_plain(plain)
    for operation, index, words in made:
        plain = operation(plain, index, words)
    after = from_plain(plain)

    assert len(problems(after)) == len(problems(before))
    assert [shape(step) for step in after.steps] == [shape(step) for step in before.steps]
    assert unknown_paths(after) == set()


@settings(deadline=None)
@given(INDEX)
def test_removing_a_step_leaves_no_reference_to_it(index: int) -> None:
    name = a_step(full(), index)

    after = steps.remove_step(full(), name)

    assert f"steps.{name}" not in str(after)
    assert not any(case.get("go_to") == name for step in after["steps"] for case in step.get("cases", []))


@given(WORDS)
def test_a_name_is_made_from_any_words(words: str) -> None:
    from_plain(fields.add_field(customer_reply(), "Label", name=words))
    assert name_from(words)


def test_a_name_keeps_the_words_that_matter() -> None:
    assert name_from("What did the customer write?") == "what_customer_write"


def test_a_label_changes_without_its_name() -> None:
    said = {"label": "What they want", "kind": "long text", "required": True}

    after = fields.set_field(customer_reply(), "customer_query", said)

    assert after["form"][0] == {"field": "customer_query", **said}
    assert problems(from_plain(after)) == ()


def test_a_new_field_is_named_after_its_label_once_it_has_one() -> None:
    plain = fields.add_field(customer_reply(), "New question")
    assert fields.settle_field_names(plain, "New question") == plain

    plain["form"][2]["label"] = "Order number"

    assert fields.settle_field_names(plain, "New question")["form"][2]["field"] == "order_number"


def test_moving_a_step_changes_only_the_order() -> None:
    after = steps.move_step(customer_reply(), "reply", -1)

    assert steps.step_names(after) == ("reply", "topic")
    assert sorted(map(str, after["steps"])) == sorted(map(str, customer_reply()["steps"]))


def test_reading_a_document_asks_for_one() -> None:
    after = steps.add_read(customer_reply(), "The contract")

    assert after["form"][-1] == {"field": "document", "label": "The contract", "kind": "document"}
    assert after["steps"][-1] == {"step": "document_text", "do": "read", "from": "form.document"}


def test_an_answer_of_another_shape_is_shown_in_a_way_that_fits() -> None:
    after = steps.set_answer(customer_reply(), "reply", {"fields": {"greeting": "text"}})

    assert after["result"][0] == {"show": "fields", "from": "steps.reply"}
    assert problems(from_plain(after)) == ()


def test_parts_without_a_name_get_one() -> None:
    broken = named(
        {"form": [{"label": "Amount"}, {"field": "Amount!"}, "nonsense"], "steps": [{"do": "ask"}, {}]}
    )

    assert [field["field"] for field in broken["form"]] == ["amount", "amount_2"]
    assert steps.step_names(broken) == ("step", "step_2")


def shape(step: Ask | Read | Choose) -> tuple[str, int]:
    match step:
        case Ask():
            return "ask", len(step.with_)
        case Read():
            return "read", 1
        case Choose():
            return "choose", len(step.cases)


def unknown_paths(app: App) -> set[str]:
    found: set[str] = {part.from_ for part in app.result} - set(known_before(app, len(app.steps)))
    for index, step in enumerate(app.steps):
        known = set(known_before(app, index))
        if isinstance(step, Ask):
            found |= set(step.with_.values()) - known
    return found
