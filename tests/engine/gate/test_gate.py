"""The gate: an effect through eight stages, and one refusal per stage."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from allotment.adapters.providers.scripted import plugin
from allotment.engine.actions import Action
from allotment.engine.asking import AnswerLabel, AnswerText, Message, Provider, Usage
from allotment.engine.gate.gate import Gate
from allotment.engine.gate.limits import LimitRules, Limits
from allotment.engine.gate.performing import Patience
from allotment.engine.gate.ports import Demand, LimitReached
from allotment.engine.gate.values import (
    Answered,
    AskedModel,
    AskModel,
    Claim,
    Failed,
    Outcome,
    Passage,
    Refused,
    Stage,
)
from allotment.engine.gate.watching import Watches
from allotment.engine.principals import Actor, Decision, Resource
from allotment.engine.recording import Entry
from allotment.kernel import clock
from allotment.kernel.errors import Unavailable
from allotment.screening.findings import Detected

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON = UUID(int=1)
APP = Resource("App", str(UUID(int=2)), {"data_class": "internal"})
MODEL = AskedModel("m", "scripted", "Scripted", Resource("Model", "m"), 256)


@dataclass
class Book:
    """Keeps entries, or refuses to."""

    entries: list[Entry] = field(default_factory=list)
    is_closed: bool = False

    async def record(self, entry: Entry) -> int:
        if self.is_closed:
            raise Unavailable("The journal cannot be written.")
        self.entries.append(entry)
        return len(self.entries)


class Policy:
    """Allows everything but the actions it is told to refuse."""

    def __init__(self, refused: frozenset[str] = frozenset()) -> None:
        self.refused = refused

    def decide(self, actor, action, resource, context) -> Decision:
        if action.value in self.refused:
            return Decision(
                allowed=False, policies=("no",), reason="The rules say no.", remedy="Ask an officer."
            )
        return Decision(allowed=True, policies=("yes",), reason="The rules say yes.")


@dataclass
class Shelf:
    """One provider at one price."""

    values: Mapping[str, str] = field(default_factory=dict)

    async def provider(self, model: AskedModel) -> Provider:
        return plugin.connect(self.values, None)

    def cost_nanodollars(self, model: AskedModel, usage: Usage) -> int:
        return usage.tokens_in * 2 + usage.tokens_out * 10


def passage(**changes: object) -> Passage:
    made = Passage(
        actor=Actor(PERSON, "Ada"),
        claims=(Claim(Action.RUN_APP, APP),),
        data_class="internal",
        app=UUID(int=2),
        version=1,
        space=None,
        run=UUID(int=3),
        step="reply",
        expires_at=NOW + timedelta(minutes=1),
    )
    return replace(made, **changes)


def question(text: str = "Where is my card?", **changes: object) -> AskModel:
    made = AskModel(MODEL, "customer-reply@1", (Message("user", text),), AnswerText(), 200)
    return replace(made, **changes)


@pytest.fixture
def book() -> Book:
    return Book()


def gate(book: Book, values: Mapping[str, str] | None = None, **parts: object) -> Gate:
    given = {
        "authoriser": Policy(),
        "limiter": Limits(),
        "directory": Shelf(values or {}),
        "recorder": book,
        "watch": Watches(()),
        "patience": Patience(first_pause_seconds=0.0),
    }
    return Gate(**{**given, **parts})


def ask(through: Gate, on_behalf: Passage, effect: AskModel) -> tuple[Outcome, list[str]]:
    released: list[str] = []

    async def release(text: str) -> None:
        released.append(text)

    async def run() -> Outcome:
        return await through.ask(on_behalf, effect, release)

    with clock.frozen(NOW):
        return anyio.run(run), released


def test_question_is_answered_metered_and_recorded(book: Book) -> None:
    outcome, released = ask(gate(book), passage(), question())
    assert isinstance(outcome, Answered)
    assert outcome.text == "Answer to: Where is my card?"
    assert "".join(released) == outcome.text
    assert outcome.cost_nanodollars == outcome.usage.tokens_in * 2 + outcome.usage.tokens_out * 10
    assert [entry.outcome for entry in book.entries] == ["allowed", "done"]
    assert book.entries[-1].policies == ("yes", "yes")
    assert outcome.entry == 2


def test_model_sees_placeholders_and_the_person_sees_the_values(book: Book, tmp_path: Path) -> None:
    effect = question("Write to a.okafor@example.com, please.")
    outcome, _ = ask(gate(book), passage(), effect)
    assert isinstance(outcome, Answered)
    assert "a.okafor@example.com" in outcome.text
    assert outcome.screened.masked == {"email": 1}
    assert [(value.label, value.value) for value in outcome.masking] == [("EMAIL", "a.okafor@example.com")]
    assert "okafor" not in json.dumps([dict(entry.details) for entry in book.entries])


def test_secret_never_comes_back(book: Book) -> None:
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    outcome, released = ask(gate(book), passage(), question(f"My key is {secret} ok?"))
    assert isinstance(outcome, Answered)
    assert secret not in outcome.text
    assert secret not in "".join(released)


def test_label_is_released_only_as_a_whole(book: Book) -> None:
    effect = question(answer=AnswerLabel(("card", "other")))
    outcome, released = ask(gate(book), passage(), effect)
    assert isinstance(outcome, Answered)
    assert outcome.text == "card"
    assert released == []


def refusal(outcome: Outcome) -> Refused:
    assert isinstance(outcome, Refused)
    assert outcome.reason
    assert outcome.remedy
    return outcome


def test_identify_refuses_somebody_who_may_no_longer_sign_in(book: Book) -> None:
    outcome, _ = ask(gate(book), passage(actor=None), question())
    assert refusal(outcome).stage is Stage.IDENTIFY
    assert book.entries[0].outcome == "refused"


def test_identify_refuses_a_stale_capability(book: Book) -> None:
    outcome, _ = ask(gate(book), passage(expires_at=NOW), question())
    assert refusal(outcome).rule == "capability"


@pytest.mark.parametrize("action", ["apps.run", "models.ask"])
def test_authorise_refuses_what_the_rules_refuse(book: Book, action: str, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    through = gate(book, {"calls_file": str(calls)}, authoriser=Policy(frozenset({action})))
    outcome, _ = ask(through, passage(), question())
    assert refusal(outcome).stage is Stage.AUTHORISE
    assert not calls.exists()
    assert book.entries[0].details["stage"] == "authorise"


def test_limit_refuses_one_call_too_many(book: Book) -> None:
    through = gate(book, limiter=Limits(LimitRules(calls_per_minute=1)))
    ask(through, passage(), question())
    outcome, _ = ask(through, passage(), question())
    assert refusal(outcome).stage is Stage.LIMIT


def reserved(limits: Limits) -> Any:
    return anyio.run(limits.reserve, passage(), MODEL, Demand(tokens=200, nanodollars=0))


def test_limit_counts_a_reservation_before_it_is_used(book: Book) -> None:
    limits = Limits(LimitRules(tokens_per_day=250))
    assert not isinstance(reserved(limits), LimitReached)
    assert reserved(limits).rule == "tokens-per-day"


def test_released_reservation_gives_its_room_back() -> None:
    limits = Limits(LimitRules(tokens_per_day=250, calls_at_once=1))
    reserved(limits).release()
    assert not isinstance(reserved(limits), LimitReached)


def test_screen_in_blocks_what_the_organisation_blocks(book: Book) -> None:
    strict = passage(treatments={Detected.EMAIL: "block"})
    outcome, _ = ask(gate(book), strict, question("Mail a.okafor@example.com"))
    assert refusal(outcome).stage is Stage.SCREEN_IN
    assert "email" in refusal(outcome).reason


@pytest.mark.parametrize("failure", ["401", "500", "429", "garbage"])
def test_failing_provider_is_recorded_and_said_in_words(book: Book, failure: str) -> None:
    outcome, released = ask(gate(book, {"failure": failure}), passage(), question())
    assert isinstance(outcome, Failed)
    assert outcome.reason
    assert outcome.remedy
    assert released == []
    assert book.entries[-1].outcome == "failed"


@pytest.mark.parametrize(("failure", "tries"), [("500", 3), ("401", 1)])
def test_only_what_a_retry_can_help_is_tried_again(
    book: Book, failure: str, tries: int, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    ask(gate(book, {"failure": failure, "calls_file": str(calls)}), passage(), question())
    assert len(calls.read_text().splitlines()) == tries


def test_nothing_is_released_that_cannot_be_recorded(book: Book) -> None:
    book.is_closed = True
    released: list[str] = []

    async def release(text: str) -> None:
        released.append(text)

    async def run() -> Outcome:
        return await gate(book).ask(passage(), question(), release)

    with clock.frozen(NOW), pytest.raises((Unavailable, BaseExceptionGroup)):
        anyio.run(run)
    assert released == []
