"""What the journal hears of requests that stay at the door: of each key apart, and never a flood."""

import openai
import pytest

from allotment.gateway.chat.turning_away import MOST_IN_A_MINUTE
from allotment.kernel import clock
from allotment.people.api_keys.wording import read
from tests.gateway.chat.conftest import MakeClient, prompt
from tests.gateway.chat.scene import APP, MIRA, OTHER_APP, SECRET, Scene
from tests.gateway.chat.test_shaping import form, one


def ask(client: openai.OpenAI, model: str = "small", **given: object) -> None:
    with pytest.raises(openai.APIStatusError):
        client.chat.completions.create(model=model, messages=[], extra_body=given or prompt())


def rules(scene: Scene) -> list[object]:
    return [entry.details["rule"] for entry in scene.journal.entries]


def test_strangers_never_hide_what_a_holder_did(scene: Scene, client: MakeClient) -> None:
    stranger = client("allot-nothing")
    for _ in range(MOST_IN_A_MINUTE + 3):
        ask(stranger)
    ask(client(scene.key(app=OTHER_APP)))
    assert len(scene.journal.entries) == MOST_IN_A_MINUTE + 1
    assert (rules(scene)[-1], scene.journal.entries[-1].actor) == ("templates-of-the-app", MIRA)


def test_one_key_never_hides_what_another_did(scene: Scene, client: MakeClient) -> None:
    loud = client(scene.key())
    for _ in range(MOST_IN_A_MINUTE + 3):
        ask(loud, "no-such-model")
    assert len(scene.journal.entries) == MOST_IN_A_MINUTE
    ask(client(scene.key()), "no-such-model")
    assert len(scene.journal.entries) == MOST_IN_A_MINUTE + 1


def test_naming_a_key_without_knowing_it_uses_up_nothing_of_it(scene: Scene, client: MakeClient) -> None:
    key = scene.key()
    guessing = client(f"allot-{read(key).public}-{'A' * 43}")
    for _ in range(MOST_IN_A_MINUTE + 3):
        ask(guessing)
    ask(client(key), "no-such-model")
    assert rules(scene)[-1] == "model-unknown"


def test_what_was_too_much_is_counted_in_the_next_entry(
    scene: Scene, client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud, quiet = client(scene.key()), client(scene.key())
    for _ in range(MOST_IN_A_MINUTE + 3):
        ask(loud, "no-such-model")
    later = clock.monotonic() + 61
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    ask(quiet, "no-such-model")
    ask(loud, "no-such-model")
    ask(loud, "no-such-model")
    told = [(entry.details["more_before_it"], entry.flagged) for entry in scene.journal.entries[-3:]]
    assert told == [(0, False), (3, True), (0, False)]


@pytest.mark.parametrize(
    ("model", "given", "rule"),
    [
        ("no-such-model", prompt(), "model-unknown"),
        ("small", prompt("nothing"), "template-not-approved"),
        ("small", prompt(version=9), "template-not-approved"),
    ],
)
@pytest.mark.parametrize("app", [None, APP])
def test_what_is_not_there_leaves_an_entry(
    scene: Scene, client: MakeClient, model: str, given: dict, rule: str, app: object
) -> None:
    key = scene.key(app=app)
    with pytest.raises(openai.NotFoundError) as caught:
        client(key).chat.completions.create(model=model, messages=[], extra_body=given)
    (entry,) = scene.journal.entries
    (known,) = scene.facts.keys.values()
    assert (entry.outcome, entry.actor, entry.app, entry.object_id) == ("refused", MIRA, app, str(known.id))
    assert entry.details["rule"] == rule
    assert caught.value.response.headers["allotment-entry"] == "1"
    assert caught.value.code in {"template_not_found", "model_not_found"}


def test_a_recalled_template_leaves_an_entry(scene: Scene, client: MakeClient) -> None:
    scene.change(templates={key: one for key, one in scene.facts.templates.items() if key[1] != 2})
    ask(client(scene.key()))
    assert rules(scene) == ["template-not-approved"]


@pytest.mark.parametrize(
    ("choice", "rule", "is_flagged"),
    [(SECRET, "schema:secret", True), ("ada@example.org", "schema:email", False)],
)
@pytest.mark.parametrize("is_free", [True, False])
def test_what_a_schema_may_not_hold_leaves_an_entry(
    scene: Scene, client: MakeClient, choice: str, rule: str, is_flagged: bool, is_free: bool
) -> None:
    key = scene.free_key() if is_free else scene.key()
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client(key).chat.completions.create(
            model="small",
            messages=[],
            response_format=form(one(type="string", enum=["card", choice])),
            extra_body=prompt(),
        )
    (entry,) = scene.journal.entries
    (known,) = scene.facts.keys.values()
    assert (entry.outcome, entry.actor, entry.object_id) == ("refused", MIRA, str(known.id))
    assert (entry.details["stage"], entry.details["rule"], entry.flagged) == ("screen in", rule, is_flagged)
    assert choice not in repr(entry)
    assert caught.value.response.headers["allotment-entry"] == "1"
    assert caught.value.code == "content_policy"


def test_a_schema_that_is_only_mistaken_leaves_none(scene: Scene, client: MakeClient) -> None:
    schema = form(one(type="string", pattern="a+"))
    with pytest.raises(openai.UnprocessableEntityError, match="is not taken here"):
        client(scene.free_key()).chat.completions.create(
            model="small", messages=[], response_format=schema, extra_body=prompt()
        )
    assert scene.journal.entries == []


def test_a_model_that_is_only_looked_up_leaves_none(scene: Scene, client: MakeClient) -> None:
    with pytest.raises(openai.NotFoundError):
        client(scene.key()).models.retrieve("no-such-model")
    assert scene.journal.entries == []
