"""OpenAI's own client at the door: templates, free words, streams, models."""

import openai
import pytest

from tests.gateway.chat.conftest import MakeClient, prompt
from tests.gateway.chat.scene import APP, MIRA, SECRET, SPACE, TOM, Listening, Scene

ASKED = "Answer where is my card for you. Braces {stay}."


def ask(client: openai.OpenAI, **more: object):
    return client.chat.completions.create(model="small", messages=[], **more)


def test_a_template_is_filled_and_answered(scene: Scene, client: MakeClient) -> None:
    answer = ask(client(scene.key()), extra_body=prompt(reader="you"))
    assert answer.choices[0].message.content == f"Answer to: {ASKED}"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "small"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer.allotment["model"] == "Small"
    assert answer.allotment["entry"] == 1
    assert scene.journal.outcomes() == [("models.ask", "done")]


def test_the_entry_names_person_key_and_template(scene: Scene, client: MakeClient) -> None:
    raw = client(scene.key()).chat.completions.with_raw_response.create(
        model="default", messages=[], extra_body=prompt()
    )
    (entry,) = scene.journal.entries
    (key,) = scene.facts.keys.values()
    assert (entry.actor, entry.app, entry.details["key"]) == (MIRA, None, str(key.id))
    assert entry.details["template"] == "kind-reply@2"
    assert "use-own-keys" in entry.policies
    assert raw.headers["allotment-entry"] == "1"
    assert raw.headers["cache-control"] == "no-store"


def test_the_key_of_an_app_asks_in_its_name(scene: Scene, client: MakeClient) -> None:
    ask(client(scene.key(app=APP)), extra_body=prompt())
    (entry,) = scene.journal.entries
    assert (entry.app, entry.space, entry.details["app_version"]) == (APP, SPACE, 3)
    assert "tend-own-apps" in entry.policies


def test_free_words_pass_with_the_right_to_them(scene: Scene, client: MakeClient) -> None:
    said = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
    ]
    answer = client(scene.free_key()).chat.completions.create(model="small", messages=said)
    assert answer.choices[0].message.content == "Answer to: Hello"
    assert "ask-freely-with-granted-keys" in scene.journal.entries[0].policies


def test_free_words_without_the_right_are_refused_with_the_way_out(scene: Scene, client: MakeClient) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="Name an approved template") as caught:
        client(scene.key()).chat.completions.create(
            model="small", messages=[{"role": "user", "content": "Hello"}]
        )
    assert "only with a key that an officer has granted it for" in caught.value.body["message"]
    assert caught.value.response.headers["allotment-entry"] == "1"
    assert scene.journal.outcomes() == [("models.ask", "refused")]


def test_a_right_to_free_words_ends(scene: Scene, client: MakeClient) -> None:
    key = scene.key(free_form_until=1_000_000)
    with pytest.raises(openai.PermissionDeniedError):
        client(key).chat.completions.create(model="small", messages=[{"role": "user", "content": "Hello"}])


def test_named_fields_come_as_json(scene: Scene, client: MakeClient) -> None:
    schema = {"type": "object", "properties": {"topic": {"type": "string"}, "urgent": {"type": "boolean"}}}
    answer = ask(
        client(scene.free_key()),
        response_format={"type": "json_schema", "json_schema": {"name": "sorted", "schema": schema}},
        extra_body=prompt(),
    )
    assert answer.choices[0].message.content == '{"topic":"sample","urgent":true}'


def test_what_is_found_is_masked_and_told(scene: Scene, client: MakeClient) -> None:
    answer = ask(client(scene.key()), extra_body=prompt(question="mail ada@example.org"))
    assert answer.allotment["masked"] == {"email": 1}
    assert "ada@example.org" in answer.choices[0].message.content


LEAKS = f"Your key is {SECRET}. Write to ada@example.org or bob@example.org."
TOLD = {"withheld": {"secret": 1}, "found": {"email": 2}}


def test_what_was_taken_out_is_told_apart_from_what_was_only_found(scene: Scene, client: MakeClient) -> None:
    scene.speak_with(Listening(LEAKS))
    answer = ask(client(scene.key()), extra_body=prompt())
    said = answer.choices[0].message.content
    assert SECRET not in said
    assert "ada@example.org or bob@example.org" in said
    assert {name: answer.allotment[name] for name in TOLD} == TOLD


def test_the_ending_of_a_stream_tells_the_same(scene: Scene, client: MakeClient) -> None:
    scene.speak_with(Listening(LEAKS))
    *pieces, ending = ask(client(scene.key()), stream=True, extra_body=prompt())
    said = "".join(piece.choices[0].delta.content for piece in pieces)
    assert SECRET not in said
    assert "ada@example.org" in said
    assert {name: ending.allotment[name] for name in TOLD} == TOLD


@pytest.mark.parametrize("form", [None, "fields"])
def test_the_last_pieces_of_a_stream_name_the_model_that_answered(
    scene: Scene, client: MakeClient, form: str | None
) -> None:
    scene.let_stand_in("small", "public-only")
    schema = {"type": "object", "properties": {"topic": {"type": "string"}}}
    shape = {"type": "json_schema", "json_schema": {"name": "sorted", "schema": schema}}
    *pieces, ending, usage = ask(
        client(scene.free_key(data_class="public")),
        stream=True,
        stream_options={"include_usage": True},
        response_format=shape if form else {"type": "text"},
        extra_body=prompt(),
    )
    assert (ending.model, usage.model, ending.allotment["model"]) == (
        "public-only",
        "public-only",
        "Public-Only",
    )
    assert {piece.model for piece in pieces} == {"public-only" if form else "small"}


def test_a_whole_answer_names_the_model_that_stood_in(scene: Scene, client: MakeClient) -> None:
    scene.let_stand_in("small", "public-only")
    answer = ask(client(scene.key(data_class="public")), extra_body=prompt())
    assert (answer.model, answer.allotment["model"]) == ("public-only", "Public-Only")


def test_warnings_come_with_the_answer_and_as_a_header(scene: Scene, client: MakeClient) -> None:
    scene.limits.warnings = ("The budget of “Mira” is at 81 %.",)
    raw = client(scene.key()).chat.completions.with_raw_response.create(
        model="small", messages=[], extra_body=prompt()
    )
    assert raw.parse().allotment["warnings"] == ["The budget of “Mira” is at 81 %."]
    assert raw.headers["allotment-warning"].startswith("The budget of %E2")


def test_a_stream_brings_pieces_the_ending_and_the_usage(scene: Scene, client: MakeClient) -> None:
    stream = ask(
        client(scene.key()),
        stream=True,
        stream_options={"include_usage": True},
        extra_body=prompt(reader="you"),
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == f"Answer to: {ASKED}"
    *_, ending, usage = chunks
    assert ending.choices[0].finish_reason == "stop"
    assert ending.allotment["masked"] == {}
    assert usage.choices == []
    assert usage.usage.total_tokens > 0
    assert [outcome for _, outcome in scene.journal.outcomes()] == ["allowed", "done"]


def test_a_stream_without_the_option_tells_no_usage(scene: Scene, client: MakeClient) -> None:
    chunks = list(ask(client(scene.key()), stream=True, extra_body=prompt()))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_named_fields_stream_as_one_piece(scene: Scene, client: MakeClient) -> None:
    schema = {"type": "object", "properties": {"topic": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "sorted", "schema": schema}}
    chunks = list(ask(client(scene.free_key()), stream=True, response_format=form, extra_body=prompt()))
    assert chunks[0].choices[0].delta.content == '{"topic":"sample"}'


@pytest.mark.anyio
async def test_the_asynchronous_client_is_served_alike(scene: Scene, url: str) -> None:
    async with openai.AsyncOpenAI(api_key=scene.key(), base_url=url, max_retries=0) as client:
        answer = await client.chat.completions.create(model="small", messages=[], extra_body=prompt())
        assert answer.choices[0].message.content.startswith("Answer to: Answer where is my card")
        stream = await client.chat.completions.create(
            model="small", messages=[], stream=True, extra_body=prompt()
        )
        assert [chunk async for chunk in stream][-1].choices[0].finish_reason == "stop"
        assert [model.id async for model in client.models.list()] == ["small"]


def test_models_are_those_the_key_may_ask(scene: Scene, client: MakeClient) -> None:
    assert [model.id for model in client(scene.key()).models.list()] == ["small"]
    everything = client(scene.key(data_class="public"))
    assert [model.id for model in everything.models.list()] == ["small", "public-only"]
    assert everything.models.retrieve("public-only").id == "public-only"


def test_a_model_above_the_data_class_is_refused(scene: Scene, client: MakeClient) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        client(scene.key()).chat.completions.create(model="public-only", messages=[], extra_body=prompt())
    with pytest.raises(openai.NotFoundError):
        client(scene.key()).models.retrieve("public-only")


def test_an_auditor_asks_nothing(scene: Scene, client: MakeClient) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        ask(client(scene.key(TOM)), extra_body=prompt())
    with pytest.raises(openai.PermissionDeniedError):
        client(scene.key(TOM)).models.list()


def test_the_first_use_of_an_hour_is_remembered(scene: Scene, client: MakeClient) -> None:
    mine = client(scene.key())
    for _ in range(3):
        ask(mine, extra_body=prompt())
    assert len(scene.uses) == 1
