"""The inside of `benchmarks.gate`: `python -m benchmarks.gate_stages TIMES` prints p50 and p99 in milliseconds as JSON.

Runs in a process and a home of its own, with the real policies, limits and journal writer.
"""

import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import anyio
from msgspec.structs import replace

from allotment.site.starting import start_django

start_django()

from django.core.management import call_command  # noqa: E402 - features need Django started

from allotment.adapters.providers.scripted.script import Rule, Script  # noqa: E402
from allotment.adapters.providers.scripted.speaking import ScriptedProvider  # noqa: E402
from allotment.engine.actions import Action  # noqa: E402
from allotment.engine.asking import AnswerText, ChatRequest, Message, Provider, Usage  # noqa: E402
from allotment.engine.gate import stages  # noqa: E402
from allotment.engine.gate.budgets import Measure, Period, Scope  # noqa: E402
from allotment.engine.gate.gate import Gate  # noqa: E402
from allotment.engine.gate.performing import perform  # noqa: E402
from allotment.engine.gate.ports import Demand, LimitReached  # noqa: E402
from allotment.engine.gate.values import Answered, AskedModel, AskModel, Claim, Passage  # noqa: E402
from allotment.engine.gate.watching import watching  # noqa: E402
from allotment.engine.principals import Actor, AttributeValue, Resource, Role  # noqa: E402
from allotment.engine.recording import Entry  # noqa: E402
from allotment.journal.writing import JournalWriter  # noqa: E402
from allotment.kernel import clock  # noqa: E402
from allotment.kernel.ids import new_id  # noqa: E402
from allotment.policies.budgets.in_force import plant_first_budgets  # noqa: E402
from allotment.policies.budgets.leasing import Budgets  # noqa: E402
from allotment.policies.budgets.rules import Beginning  # noqa: E402
from allotment.policies.gatekeeping import CedarAuthoriser  # noqa: E402
from allotment.screening.masking import Masking  # noqa: E402
from allotment.screening.streaming import Release  # noqa: E402
from benchmarks.findings import percentile  # noqa: E402

_TEXT = (
    "Good morning, I sent 250 euros from DE89 3704 0044 0532 0130 00 to my landlord on Monday and it has not"
    " arrived. Please write to elif.demir@example.com or ring me on +49 151 23456789. I have been with you for"
    " eleven years and this is the first time that something like this happens. My landlord is patient, but not"
    " for ever, and the rent is due on the third. Could you tell me where the money is, and what I should tell"
    " him? I am at home in the mornings and at work after noon. Thank you for your help, Elif Demir, flat 12."
)
_WIDE = (
    Beginning(Scope.PERSON, Measure.CALLS, Period.MINUTE, 10**9),
    Beginning(Scope.PERSON, Measure.AT_ONCE, Period.NONE, 10**9),
    Beginning(Scope.PERSON, Measure.TOKENS, Period.DAY, 10**12),
    Beginning(Scope.ORGANISATION, Measure.MONEY, Period.MONTH, 10**15),
)
"""As many budgets as usual, so wide that none stops the measuring."""
_ANSWER = "Thank you for your message. I am sorry that your transfer was delayed. We will look into it today."


class _OneModel:
    """A directory with one provider, free of charge."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def provider(self, model: AskedModel) -> Provider:  # noqa: ARG002 - there is one
        return self._provider

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:  # noqa: ARG002 - it is free
        return 0


Took = tuple[float, float]
"""Milliseconds: p50 and p99."""


async def measure(times: int) -> dict[str, Took]:
    """Measure each stage alone, and the whole call."""
    provider = ScriptedProvider(Script((Rule(answer=_ANSWER),)))
    authoriser, limits, writer = CedarAuthoriser(), Budgets(), JournalWriter()
    writer.start()
    await anyio.to_thread.run_sync(plant_first_budgets, _WIDE)
    await limits.start()
    gate = Gate(authoriser, limits, _OneModel(provider), writer, watching())
    passage, question = _passage(), _question()
    request = ChatRequest(model="scripted", messages=question.messages)
    masked = Masking()
    masked.mask(_TEXT)
    entry = Entry(clock.now(), Action.ASK_MODEL.value, "done", new_id(), "model", "scripted")
    screening = _took(lambda: Masking().mask(_TEXT), times)
    meter, limit = await _metered(limits, passage, question, times)
    took = {
        "screening": (screening[0] * 500 / len(_TEXT), screening[1] * 500 / len(_TEXT)),
        "identify": _took(lambda: _identify(gate, passage), times),
        "authorise": _took(lambda: stages.authorise(passage, question.model, authoriser), times),
        "limit": limit,
        "screen in": _took(lambda: stages.screen_in(passage, question), times),
        "perform": await _took_waiting(lambda: perform(provider, request, _nothing), times),
        "screen out": _took(lambda: _screen_out(masked), times),
        "meter": meter,
        "record": await _took_waiting(lambda: writer.record(replace(entry, id=new_id())), times),
        "whole call": await _took_waiting(lambda: _through(gate, passage, question), times),
    }
    await limits.stop()
    await anyio.to_thread.run_sync(writer.stop)
    return took


def _identify(gate: Gate, passage: Passage) -> None:
    assert stages.look(gate.watch, passage) is None
    assert stages.identify(passage, clock.now()) is None


async def _metered(limits: Budgets, passage: Passage, question: AskModel, times: int) -> tuple[Took, Took]:
    """Return what settling takes, and what setting aside takes."""
    demand, used = Demand(500, 0), Usage(160, 75)
    settled, reserved = [], []
    for _ in range(times):
        started = time.perf_counter()
        held = await limits.reserve(passage, question.model, demand)
        between = time.perf_counter()
        assert not isinstance(held, LimitReached)
        held.settle(used, 0)
        held.release()
        settled.append((time.perf_counter() - between) * 1000)
        reserved.append((between - started) * 1000)
    return _summed(settled), _summed(reserved)


async def _through(gate: Gate, passage: Passage, question: AskModel) -> None:
    outcome = await gate.ask(passage, question, _nothing)
    assert isinstance(outcome, Answered), outcome


async def _nothing(text: str) -> None:
    """Take the text and do nothing with it."""


def _screen_out(masking: Masking) -> None:
    held_back = Release(masking)
    for word in _ANSWER.split(" "):
        held_back.push(word + " ")
    held_back.finish()


def _passage() -> Passage:
    space, person = new_id(), new_id()
    actor = Actor(person, "Somebody", frozenset({Role.COLLEAGUE}), frozenset({space}))
    app = new_id()
    facts: dict[str, AttributeValue] = {
        "owner": str(UUID(int=1)),
        "audience": "space",
        "space": str(space),
        "named": frozenset[str](),
        "state": "published",
        "tier": "medium",
        "data_class": "internal",
    }
    until = clock.now() + timedelta(hours=1)
    claims = (Claim(Action.RUN_APP, Resource("App", str(app), facts)),)
    return Passage(actor, claims, "internal", app, 1, space, new_id(), "reply", until)


def _question() -> AskModel:
    facts: dict[str, AttributeValue] = {
        "name": "scripted",
        "runs_here": True,
        "highest_data_class": "restricted",
    }
    model = AskedModel("m", "scripted", "Scripted", Resource("Model", "m", facts), 512)
    messages = (Message("system", "You write short, polite replies."), Message("user", _TEXT))
    return AskModel(model, "customer-reply@1", messages, AnswerText(), 240, is_streamed=False)


def _took(work: Callable[[], object], times: int) -> Took:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return _summed(took)


async def _took_waiting(work: Callable[[], Awaitable[object]], times: int) -> Took:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        took.append((time.perf_counter() - started) * 1000)
    return _summed(took)


def _summed(took: list[float]) -> Took:
    return percentile(took, 0.5), percentile(took, 0.99)


if __name__ == "__main__":
    call_command("migrate", interactive=False, verbosity=0)
    print(json.dumps(anyio.run(measure, int(sys.argv[1]))))
