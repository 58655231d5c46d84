"""What a key of an app may choose: what the app's own steps ask, and nothing else."""

from dataclasses import replace
from typing import Any

import openai
import pytest

from allotment.composition.snapshot.facts import AskFacts
from tests.gateway.chat.conftest import MakeClient, prompt
from tests.gateway.chat.scene import APP, MOST_OF_APP, Listening, Scene


def ask(client: openai.OpenAI, model: str = "default", **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[], **{"extra_body": prompt(), **more})


def steps(scene: Scene, *asked: AskFacts, template: str = "kind-reply@2") -> None:
    """Let the app ask with this template in these steps."""
    app = scene.facts.apps[APP]
    scene.change(apps={APP: replace(app, templates={template: asked})})


def sent(scene: Scene) -> Listening:
    provider = Listening()
    scene.speak_with(provider)
    return provider


def refused(scene: Scene) -> list[Any]:
    return [(entry.outcome, entry.app, entry.details["rule"]) for entry in scene.journal.entries]


def test_the_default_means_the_model_of_the_step(scene: Scene, client: MakeClient) -> None:
    steps(scene, AskFacts("Public-Only", 100))
    app = scene.facts.apps[APP]
    scene.change(apps={APP: replace(app, data_class="public")})
    provider = sent(scene)
    assert ask(client(scene.key(app=APP))).model == "public-only"
    assert ask(client(scene.key(app=APP)), "public-only").model == "public-only"
    assert [(one.model, one.temperature) for one in provider.asked] == [("public-only-inside", 0.2)] * 2


def test_a_step_that_names_no_model_means_the_default_one(scene: Scene, client: MakeClient) -> None:
    assert ask(client(scene.key(app=APP)), "small").model == "small"
    assert ask(client(scene.key(app=APP))).model == "small"


@pytest.mark.parametrize("template", ["kind-reply@2", "other@1"])
def test_another_model_is_refused_and_journaled(scene: Scene, client: MakeClient, template: str) -> None:
    steps(scene, AskFacts("", 100), template=template)
    name, _, version = template.partition("@")
    with pytest.raises(openai.PermissionDeniedError, match="does not ask this model") as caught:
        ask(client(scene.key(app=APP)), "public-only", extra_body=prompt(name, int(version)))
    assert "Ask for “default”" in caught.value.body["message"]
    assert refused(scene) == [("refused", APP, "models-of-the-app")]


def test_a_model_of_another_step_does_not_count(scene: Scene, client: MakeClient) -> None:
    app = scene.facts.apps[APP]
    templates = {"kind-reply@2": (AskFacts("", 100),), "other@1": (AskFacts("public-only", 100),)}
    scene.change(apps={APP: replace(app, templates=templates)})
    with pytest.raises(openai.PermissionDeniedError, match="does not ask this model"):
        ask(client(scene.key(app=APP)), "public-only")


def test_a_step_whose_model_is_gone_asks_no_other(scene: Scene, client: MakeClient) -> None:
    steps(scene, AskFacts("gone", 100))
    with pytest.raises(openai.NotFoundError, match="is not offered now"):
        ask(client(scene.key(app=APP)))
    with pytest.raises(openai.PermissionDeniedError, match="does not ask this model"):
        ask(client(scene.key(app=APP)), "small")


@pytest.mark.parametrize(
    ("asked", "most"),
    [({}, 100), ({"max_tokens": 7}, 7), ({"max_tokens": 500}, 100), ({"max_completion_tokens": 500}, 100)],
)
def test_answers_get_shorter_but_never_longer_than_the_steps(
    scene: Scene, client: MakeClient, asked: dict[str, int], most: int
) -> None:
    steps(scene, AskFacts("", 100), AskFacts("public-only", 300))
    provider = sent(scene)
    ask(client(scene.key(app=APP)), **asked)
    assert provider.asked[0].max_tokens == most


def test_of_two_steps_with_one_template_and_model_the_longer_answer_counts(
    scene: Scene, client: MakeClient
) -> None:
    steps(scene, AskFacts("", 100), AskFacts("small", 200), AskFacts("", 9_000))
    provider = sent(scene)
    ask(client(scene.key(app=APP)))
    assert provider.asked[0].max_tokens == 512, "no longer than the model may answer"


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"temperature": 1.0}, "temperature-of-the-app"),
        ({"temperature": 0}, "temperature-of-the-app"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "x",
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}},
                    },
                }
            },
            "answers-of-the-app",
        ),
    ],
)
def test_another_temperature_or_shape_is_refused_and_journaled(
    scene: Scene, client: MakeClient, asked: dict[str, Any], rule: str
) -> None:
    provider = sent(scene)
    with pytest.raises(openai.PermissionDeniedError):
        ask(client(scene.key(app=APP)), **asked)
    assert refused(scene) == [("refused", APP, rule)]
    assert provider.asked == []


def test_saying_what_the_app_does_anyway_is_taken(scene: Scene, client: MakeClient) -> None:
    provider = sent(scene)
    ask(client(scene.key(app=APP)), temperature=0.2, max_tokens=MOST_OF_APP, response_format={"type": "text"})
    assert provider.asked[0].temperature == 0.2


def test_the_key_of_a_person_chooses_as_before(scene: Scene, client: MakeClient) -> None:
    provider = sent(scene)
    ask(client(scene.key(data_class="public")), "public-only", temperature=1.5, max_tokens=512)
    assert (provider.asked[0].temperature, provider.asked[0].max_tokens) == (1.5, 512)


def test_the_models_of_an_app_are_those_its_steps_ask(scene: Scene, client: MakeClient) -> None:
    app = replace(scene.facts.apps[APP], data_class="public")
    scene.change(apps={APP: app})
    mine = client(scene.key(app=APP))
    assert [model.id for model in mine.models.list()] == ["small"]
    steps(scene, AskFacts("public-only", 100), AskFacts("gone", 100))
    assert [model.id for model in mine.models.list()] == ["public-only"]
    with pytest.raises(openai.NotFoundError):
        mine.models.retrieve("small")
