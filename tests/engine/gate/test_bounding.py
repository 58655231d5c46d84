"""What is set aside is never less than what a provider can count, in any language."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from allotment.engine.asking import AnswerFields, AnswerLabel, ChatDelta, Message, Usage
from allotment.engine.gate.bounding import at_most
from allotment.engine.gate.budgets import Measure, Period, Rule, Rules, Scope
from allotment.engine.gate.limits import Account, Fill, Limits, amounts_of
from allotment.engine.gate.ports import LimitReached
from allotment.engine.gate.values import Answered
from allotment.kernel import clock
from tests.engine.gate.scene import NOW, Scene, model, question

THAI = "บัตรของฉันอยู่ที่ไหน "


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_text_has_more_tokens_than_bytes(texts: list[str]) -> None:
    messages = tuple(Message("user", text) for text in texts)
    counted = sum(len(text.encode()) + 5 for text in texts) + 3
    assert at_most(question(messages=messages), model()).tokens_in >= counted


@pytest.mark.parametrize("answer", [AnswerLabel(("yes", "no")), AnswerFields({"properties": {"sum": {}}})])
def test_answer_with_a_shape_may_be_asked_for_twice(answer: AnswerLabel | AnswerFields) -> None:
    text, shaped = at_most(question(), model()), at_most(question(answer=answer), model())
    assert shaped.tokens_in > 2 * text.tokens_in + text.tokens_out
    assert shaped.tokens_out == 2 * text.tokens_out


class Greedy:
    """A provider that counts every byte as a token and answers as long as it may."""

    def __init__(self) -> None:
        self.used = 0

    async def chat(self, request):
        await asyncio.sleep(0.001)
        asked = sum(len(message.content.encode()) + 5 for message in request.messages) + 3
        self.used += asked + request.max_tokens
        yield ChatDelta(text="Soon.")
        yield ChatDelta(finish="stop", usage=Usage(asked, request.max_tokens))

    async def models(self):
        return ("m",)


class Book:
    """A limiter over one budget, whose room is granted at once."""

    def __init__(self, limit: int, measure: Measure = Measure.TOKENS) -> None:
        self.granted, self.limits = 0, Limits()
        rule = Rule("day", Scope.PERSON, "", measure, Period.DAY, limit)
        self.limits.adopt(Rules.of(1, [rule]))

    async def reserve(self, on_behalf, asked, demand):
        await asyncio.sleep(0)
        plan, amounts, at = self.limits.plan(on_behalf, asked, NOW), amounts_of(demand), clock.monotonic()
        held = self.limits.take(plan, amounts, at)
        if isinstance(held, Account):
            for order in self.limits.orders([(plan, amounts)], at):
                now = self.granted + order.debt - order.back
                grant = min(max(order.need, order.extra), max(0, order.account.limit - now))
                self.granted = now + grant
                self.limits.fill(order, Fill(grant, self.granted), at)
            held = self.limits.take(plan, amounts, at)
        return LimitReached("day", "Used up.", "Ask.") if isinstance(held, Account) else held


@pytest.mark.anyio
async def test_sixty_four_callers_never_pass_a_budget_by_more_than_one_call() -> None:
    limit, greedy = 20_000, Greedy()
    effect = replace(question(THAI * 5), is_streamed=False)
    one_call = at_most(effect, model())
    scene = Scene(voice=greedy, parts={"limiter": Book(limit)})  # type: ignore[arg-type]

    async def caller() -> list[bool]:
        return [isinstance(await scene.asked(effect), Answered) for _ in range(4)]

    with clock.frozen(NOW):
        passed = [one for found in await asyncio.gather(*(caller() for _ in range(64))) for one in found]
    assert 0 < sum(passed) < len(passed)
    assert limit // 2 < greedy.used <= limit + one_call.tokens_in + one_call.tokens_out
