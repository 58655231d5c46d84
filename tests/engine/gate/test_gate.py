"""The gate: a question through eight stages, and one refusal per stage."""

import json
from uuid import UUID

import pytest

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerLabel
from allotment.engine.gate.values import Answered, Claim, Stage
from allotment.engine.principals import Resource
from allotment.screening.findings import Detected
from tests.engine.gate.scene import (
    APP,
    NOW,
    Book,
    Policy,
    Purse,
    Scene,
    Voice,
    model,
    passage,
    question,
    refusal,
)


def test_question_is_answered_metered_and_recorded() -> None:
    scene = Scene()
    outcome = scene.ask()
    assert isinstance(outcome, Answered)
    assert outcome.text == "Your card is on its way. It comes tomorrow."
    assert "".join(scene.released) == outcome.text
    assert outcome.cost_nanodollars == outcome.usage.tokens_in + outcome.usage.tokens_out
    assert outcome.model == model()
    assert scene.book.outcomes == ["allowed", "done"]
    assert scene.book.last.policies == ("yes", "yes")
    assert outcome.entry == 2


def test_entry_says_who_asked_what_with_which_key_and_what_it_took() -> None:
    scene = Scene()
    scene.ask(on_behalf=passage(key=UUID(int=7)))
    entry = scene.book.last
    assert (entry.object_kind, entry.object_id, entry.app) == ("model", "m", APP)
    assert {name: value for name, value in entry.details.items() if name != "milliseconds"} == {
        "step": "reply",
        "template": "customer-reply@1",
        "app_version": 1,
        "data_class": "internal",
        "key": str(UUID(int=7)),
        "withheld": 0,
        "tokens_in": 10,
        "tokens_out": 5,
        "cost_nanodollars": 15,
    }
    assert not entry.flagged


def test_model_sees_placeholders_and_the_person_sees_the_values() -> None:
    scene = Scene(Voice(answer=("I wrote to [EMAIL_1].",)))
    outcome = scene.ask(question("Write to a.okafor@example.com, please."))
    assert isinstance(outcome, Answered)
    assert scene.voice.requests[0].messages[0].content == "Write to [EMAIL_1], please."
    assert outcome.text == "I wrote to a.okafor@example.com."
    assert outcome.screened.masked == {"email": 1}
    assert [(value.label, value.value) for value in outcome.masking] == [("EMAIL", "a.okafor@example.com")]
    assert scene.book.last.details["masked email"] == 1
    assert "okafor" not in json.dumps([dict(entry.details) for entry in scene.book.entries])


def test_secret_never_comes_back_and_somebody_looks_at_it() -> None:
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    scene = Scene(Voice(answer=(f"Your key is {secret} and [SECRET_1].",)))
    outcome = scene.ask(question(f"My key is {secret} ok?"))
    assert isinstance(outcome, Answered)
    assert secret not in outcome.text
    assert secret not in "".join(scene.released)
    assert outcome.screened.withheld == {"secret": 1}
    assert scene.book.last.flagged


def test_label_is_released_only_as_a_whole() -> None:
    scene = Scene(Voice(answer=("ca", "rd")))
    outcome = scene.ask(question(answer=AnswerLabel(("card", "other"))))
    assert isinstance(outcome, Answered)
    assert outcome.text == "card"
    assert scene.released == []
    assert scene.book.outcomes == ["done"]


def test_whole_answer_is_asked_for_and_screened_as_a_whole() -> None:
    scene = Scene()
    outcome = scene.ask(question(is_streamed=False))
    assert isinstance(outcome, Answered)
    assert not scene.voice.requests[0].is_streamed
    assert outcome.text == "Your card is on its way. It comes tomorrow."
    assert scene.released == []
    assert scene.book.outcomes == ["done"]


def test_sentences_are_released_as_they_are_complete() -> None:
    scene = Scene()
    scene.ask()
    assert scene.released == ["Your card is on its way. ", "It comes tomorrow."]


def test_warnings_about_budgets_are_handed_on() -> None:
    outcome = Scene(purse=Purse(warnings=("83 % of the budget are used.",))).ask()
    assert isinstance(outcome, Answered)
    assert outcome.warnings == ("83 % of the budget are used.",)


def test_identify_refuses_somebody_who_may_no_longer_sign_in() -> None:
    scene = Scene()
    assert refusal(scene.ask(on_behalf=passage(actor=None))).stage is Stage.IDENTIFY
    assert scene.book.outcomes == ["refused"]
    assert scene.book.last.actor is None


def test_identify_refuses_a_stale_capability() -> None:
    assert refusal(Scene().ask(on_behalf=passage(expires_at=NOW))).rule == "capability"


@pytest.mark.parametrize("action", ["apps.run", "models.ask"])
def test_authorise_refuses_what_the_rules_refuse(action: str) -> None:
    scene = Scene(policy=Policy(frozenset({action})))
    refused = refusal(scene.ask())
    assert (refused.stage, refused.rule) == (Stage.AUTHORISE, "no")
    assert scene.calls == 0
    assert scene.book.last.details["stage"] == "authorise"
    assert "no" in scene.book.last.policies
    assert not scene.book.last.flagged


def test_every_claim_is_decided_and_then_the_model_with_the_class_of_the_data() -> None:
    claims = (Claim(Action.RUN_APP, Resource("App", "a")), Claim(Action.SEE_RUN, Resource("Run", "r")))
    scene = Scene()
    scene.ask(on_behalf=passage(claims=claims, data_class="confidential"))
    assert scene.policy.asked == [
        ("apps.run", "a", {}),
        ("runs.see", "r", {}),
        ("models.ask", "m", {"data_class": "confidential"}),
    ]


def test_one_claim_refused_is_enough() -> None:
    claims = (Claim(Action.RUN_APP, Resource("App", "a")), Claim(Action.SEE_RUN, Resource("Run", "r")))
    scene = Scene(policy=Policy(frozenset({"runs.see"})))
    assert refusal(scene.ask(on_behalf=passage(claims=claims))).stage is Stage.AUTHORISE
    assert scene.calls == 0


def test_nothing_claimed_is_refused() -> None:
    scene = Scene()
    assert refusal(scene.ask(on_behalf=passage(claims=()))).rule == "nothing claimed"
    assert scene.calls == 0
    assert scene.book.last.flagged


def test_limit_refuses_with_the_words_and_the_time_of_the_budget() -> None:
    scene = Scene(purse=Purse(frozenset({"m"})))
    refused = refusal(scene.ask())
    assert (refused.stage, refused.rule, refused.until) == (Stage.LIMIT, "month", NOW)
    assert scene.calls == 0


def test_room_is_asked_for_with_the_longest_answer_and_settled_with_what_was_used() -> None:
    scene = Scene()
    scene.ask(question("x" * 400))
    room = scene.purse.rooms[0]
    assert (room.demand.tokens, room.demand.nanodollars) == (672, 672)  # 400 + 200, and 72 around them
    assert [cost for _, cost in room.settled] == [15]


def test_screen_in_blocks_what_the_organisation_blocks() -> None:
    scene = Scene()
    refused = refusal(
        scene.ask(question("Mail a.okafor@example.com"), passage(treatments={Detected.EMAIL: "block"}))
    )
    assert refused.stage is Stage.SCREEN_IN
    assert "email" in refused.reason
    assert scene.calls == 0
    assert scene.purse.rooms[0].released == 1
    assert not scene.book.last.flagged


def test_somebody_looks_at_a_blocked_secret() -> None:
    scene = Scene()
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    scene.ask(question(f"My key is {secret}"), passage(treatments={Detected.SECRET: "block"}))
    assert scene.book.last.flagged


def test_nothing_is_released_that_cannot_be_recorded() -> None:
    scene = Scene(book=Book(refuses_from=0))
    with pytest.raises(type(scene.book.error)):
        scene.ask()
    assert scene.released == []
    assert scene.voice.closed == 1
