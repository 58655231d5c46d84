"""The interpreter walks an app to its end, and refuses answers that do not fit."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from allotment.engine.answers import typed
from allotment.engine.choosing import holds
from allotment.engine.forms import read_form
from allotment.engine.interpreter import (
    AskEffect,
    ChartEffect,
    Effect,
    Finished,
    ForEachEffect,
    ReadEffect,
    Stop,
    TableEffect,
    apply,
    begun,
    next_effect,
)
from allotment.engine.spec.app import Answer, App, Ask, Case, Choose, Condition, FieldKind, FormField, Shown
from allotment.engine.state import Reference, State
from allotment.engine.templates import fill
from allotment.kernel.errors import Invalid
from tests.engine.content import starters, templates


def begin(name: str, **changed: str) -> tuple[App, State]:
    app = starters()[name]
    reading = read_form(app, {**app.sample, **changed})
    assert reading.problems == {}
    return app, begun(app, reading.values)


def test_a_reply_is_sorted_written_and_shown() -> None:
    app, state = begin("reply-to-a-customer")
    effect, state = next_effect(app, state)
    assert isinstance(effect, AskEffect)
    assert effect.slots["choices"] == "card, transfer, account, other"
    state = apply(state, effect.step.step, typed(effect.step, " Card "))
    effect, state = next_effect(app, state)
    assert isinstance(effect, AskEffect)
    assert effect.slots["industry"] == "banking"
    state = apply(state, effect.step.step, typed(effect.step, "We are sorry."))
    end, _ = next_effect(app, state)
    assert isinstance(end, Finished)
    assert [part.value for part in end.parts] == ["We are sorry.", "card"]


def test_a_document_is_read_before_it_is_summarised() -> None:
    app, state = begin("summarise-a-document")
    effect, state = next_effect(app, state)
    assert isinstance(effect, ReadEffect)
    assert effect.document == "document"
    effect, _ = next_effect(app, apply(state, "content", "Twelve plots."))
    assert isinstance(effect, AskEffect)
    assert effect.slots["text"] == "Twelve plots."


def test_a_choice_can_end_the_app_with_a_sentence() -> None:
    app, state = begin("answer-a-complaint", complaint="My LAWYER will write to you.")
    effect, _ = next_effect(app, state)
    assert isinstance(effect, Stop)
    assert "management" in effect.message


@pytest.mark.parametrize(("urgency", "advice"), [("danger", "now"), ("question", "three days")])
def test_a_choice_can_take_a_value(urgency: str, advice: str) -> None:
    app, state = begin("is-this-urgent")
    _, state = next_effect(app, state)
    end, _ = next_effect(app, apply(state, "urgency", urgency))
    assert isinstance(end, Finished)
    assert advice in str(end.parts[1].value)


def test_a_jump_leaves_out_the_steps_between() -> None:
    mood = Condition(value="form.x", is_="is", to="ant")
    app = msgspec.structs.replace(
        _form(FieldKind.CHOICE),
        steps=(
            Choose(step="gate", cases=(Case(when=(mood,), go_to="last"),)),
            Ask(step="between", template="x@1"),
            Ask(step="last", template="x@1"),
        ),
        result=(Shown(show="text", from_="steps.between"), Shown(show="text", from_="steps.last")),
    )
    effect, state = next_effect(app, State({"x": "ant"}))
    assert isinstance(effect, AskEffect)
    assert effect.step.step == "last"
    end, _ = next_effect(app, apply(state, "last", "done"))
    assert isinstance(end, Finished)
    assert [part.value for part in end.parts] == ["done"]
    effect, _ = next_effect(app, State({"x": "bee"}))
    assert isinstance(effect, AskEffect)
    assert effect.step.step == "between"


def test_a_label_nobody_offered_is_refused_at_its_step() -> None:
    app, _ = begin("is-this-urgent")
    ask = app.steps[0]
    assert typed(ask, "DANGER") == "danger"
    with pytest.raises(Invalid) as refused:
        typed(ask, "banana")
    assert refused.value.where == "steps.urgency"


def test_fields_come_back_with_their_types() -> None:
    step = Ask(
        step="facts", template="x@1", answer=Answer(fields={"sum": "number", "day": "date", "ok": "yes/no"})
    )
    assert typed(step, '{"sum": 12.5, "day": "2026-11-03", "ok": true}') == {
        "sum": Decimal("12.5"),
        "day": date(2026, 11, 3),
        "ok": True,
    }
    with pytest.raises(Invalid):
        typed(step, "no object")


@pytest.mark.parametrize(
    ("comparison", "to", "expected"),
    [
        ("is", "250.00", True),
        ("is more than", "99", True),
        ("is less than", "1000", True),
        ("is not", "250", False),
        ("is empty", "", False),
    ],
)
def test_numbers_compare_as_numbers(comparison: str, to: str, expected: bool) -> None:
    state = State({"sum": Decimal(250)})
    assert holds(Condition(value="form.sum", is_=comparison, to=to), state) is expected


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldKind.NUMBER, "1 250", Decimal(1250)),
        (FieldKind.NUMBER, "1,250.50", Decimal("1250.50")),
        (FieldKind.MONEY, "€ 12,50", Decimal("12.50")),
        (FieldKind.DATE, "2026-11-03", date(2026, 11, 3)),
        (FieldKind.YES_NO, "Yes", True),
        (FieldKind.CHOICE, "BEE", "bee"),
        (FieldKind.SEVERAL, "ant\nbee", ("ant", "bee")),
        (FieldKind.SEVERAL, "ant, bee", ("ant", "bee")),
        (FieldKind.EMAIL, " mira@example.org ", "mira@example.org"),
    ],
)
def test_form_fields_are_typed(kind: FieldKind, text: str, value: object) -> None:
    assert read_form(_form(kind), {"x": text}).values == {"x": value}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldKind.NUMBER, "ten"),
        (FieldKind.NUMBER, "1e9"),
        (FieldKind.MONEY, "12 or 13"),
        (FieldKind.DATE, "3 November"),
        (FieldKind.YES_NO, "maybe"),
        (FieldKind.CHOICE, "cow"),
        (FieldKind.SEVERAL, "ant, cow"),
        (FieldKind.EMAIL, "mira"),
        (FieldKind.SHORT_TEXT, "x" * 301),
        (FieldKind.SHORT_TEXT, "  "),
    ],
)
def test_what_does_not_fit_a_field_is_told(kind: FieldKind, text: str) -> None:
    assert read_form(_form(kind), {"x": text}).problems["x"].endswith(".")


def _form(kind: FieldKind) -> App:
    options = ("ant", "bee") if kind in {FieldKind.CHOICE, FieldKind.SEVERAL} else ()
    field = FormField(field="x", label="X", kind=kind, required=True, options=options)
    return App(allotment=1, name="a", title="A", purpose="", form=(field,))


@pytest.mark.parametrize("name", starters())
def test_every_starter_reaches_its_end_with_its_sample(name: str) -> None:
    app, state = begin(name)
    for _ in range(len(app.steps) + 1):
        effect, state = next_effect(app, state)
        if isinstance(effect, Finished):
            break
        assert not isinstance(effect, Stop)
        state = apply(state, effect.step.step, _answer(effect))
    assert isinstance(effect, Finished)
    assert len(effect.parts) == len(app.result)


def _answer(effect: Effect) -> object:
    if isinstance(effect, ReadEffect):
        return "text"
    if isinstance(effect, ForEachEffect):
        row = dict.fromkeys(effect.columns, "some text")
        fill(templates()[effect.step.template], {**effect.slots, **row})
    if isinstance(effect, TableEffect | ChartEffect | ForEachEffect):
        kind = "chart" if isinstance(effect, ChartEffect) else "table"
        return Reference(kind, f"steps.{effect.step.step}")
    assert isinstance(effect, AskEffect)
    fill(templates()[effect.step.template], {**effect.slots, **dict.fromkeys(effect.tables, "some rows")})
    answer = effect.step.answer
    return (
        answer.choice[0] if answer.choice else dict.fromkeys(answer.fields, "x") if answer.fields else "text"
    )
