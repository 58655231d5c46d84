"""The pages of models: what they show, what they refuse, and that no secret comes back in any of them."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from allotment.llms import queries
from allotment.llms.connecting import connect
from allotment.llms.models import Connection, LanguageModel
from allotment.llms.offering import turn_on
from allotment.llms.practice import plant_practice_model
from tests.llms.conftest import GOOD_KEY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reaching")]

WRONG_KEY = "sk-wrong-key-0815"


@pytest.fixture
def officer(client, signed_in):
    return signed_in(client, roles=("officer",), name="Olga Officer")


@pytest.fixture
def connection_id(server, officer):
    return connect(server.connection(), officer.actor)


def page(client, name, *arguments, **query):
    return client.get(reverse(f"llms:{name}", args=arguments), query).content.decode()


def filled(server, **values):
    return {"title": "House", "endpoint": server.url, "key": GOOD_KEY, "network": "local", **values}


def test_the_list_shows_what_people_can_use(client, officer, connection_id):
    plant_practice_model()
    turn_on(LanguageModel.objects.get(name="gpt-4o").id, officer.actor)
    html = page(client, "models")
    assert "gpt-4o" in html
    assert "On this machine" in html
    assert "for practice: small, often wrong" in html
    assert "Connect a provider" in html


def test_a_missing_practice_model_is_said_with_the_remedy(client, officer):
    plant_practice_model()
    html = page(client, "models")
    assert "The practice model is not installed" in html
    assert "make model" in html


def test_a_maker_sees_the_models_but_cannot_connect(client, signed_in):
    signed_in(client, roles=("maker",))
    plant_practice_model()
    html = page(client, "models")
    assert "Practice model" in html
    assert "Connect a provider" not in html
    assert client.get(reverse("llms:choose_kind")).status_code == 403
    assert client.post(reverse("llms:turn_off", args=[LanguageModel.objects.get().id])).status_code == 403


def test_a_colleague_does_not_see_the_models(client, signed_in):
    signed_in(client, roles=("colleague",))
    assert client.get(reverse("llms:models")).status_code == 403


def test_the_kinds_leave_out_what_is_built_in_or_for_tests(client, officer):
    html = page(client, "choose_kind")
    assert "Anthropic" in html
    assert "Practice" not in html
    assert "Scripted" not in html


def test_connecting_leads_to_the_models_to_turn_on(client, officer, server):
    response = client.post(reverse("llms:connect", args=["openai_compatible"]), filled(server), follow=True)
    html = response.content.decode()
    assert response.redirect_chain
    assert "it offers 2 models" in html
    assert "stored encrypted, never shown" in html
    assert GOOD_KEY not in html


def test_a_refused_key_keeps_what_was_typed_but_the_key(client, officer, server):
    data = filled(server, key=WRONG_KEY, title="The basement")
    response = client.post(reverse("llms:connect", args=["openai_compatible"]), data)
    html = response.content.decode()
    assert response.status_code == 422
    assert "refused the key" in html
    assert "Type it again" in html
    assert 'value="The basement"' in html
    assert server.url in html
    assert WRONG_KEY not in html
    assert not Connection.objects.exists()


def test_an_empty_name_is_asked_for(client, officer, server):
    response = client.post(reverse("llms:connect", args=["openai_compatible"]), filled(server, title=""))
    assert response.status_code == 422
    assert GOOD_KEY not in response.content.decode()


def test_an_unknown_kind_is_not_found(client, officer):
    assert client.get(reverse("llms:connect", args=["carrier-pigeon"])).status_code == 404


def test_no_page_holds_the_key(client, officer, connection_id):
    model = LanguageModel.objects.first()
    assert model is not None
    for html in (
        page(client, "models"),
        page(client, "connection", connection_id),
        page(client, "change_credential", connection_id),
        page(client, "model", model.id),
        client.get("/journal/").content.decode(),
    ):
        assert GOOD_KEY not in html


def test_models_are_turned_on_and_off_from_the_connection(client, officer, connection_id):
    model = LanguageModel.objects.get(name="gpt-4o")
    client.post(reverse("llms:turn_on", args=[model.id]), {"from_connection": "1"})
    assert queries.model(model.id).is_on
    response = client.post(reverse("llms:turn_off", args=[model.id]))
    assert response["Location"] == reverse("llms:model", args=[model.id])
    assert not queries.model(model.id).is_on


def test_a_long_list_of_models_can_be_searched(client, officer, connection_id):
    html = page(client, "connection", connection_id, q="mini")
    assert "gpt-4o-mini" in html
    assert html.count("Turn on<") == 1
    assert "No model by that name" in page(client, "connection", connection_id, q="zebra")


def test_terms_are_kept_and_prices_become_integers(client, officer, connection_id):
    Connection.objects.update(values={"endpoint": "https://api.openai.com/v1"}, runs_here=False)
    model = LanguageModel.objects.get(name="gpt-4o")
    terms = {
        "title": "GPT",
        "ceiling": "public",
        "max_tokens": "700",
        "input_price": "2.5",
        "output_price": "",
    }
    client.post(reverse("llms:set_terms", args=[model.id]), terms)
    model.refresh_from_db()
    assert (model.title, model.ceiling, model.max_tokens) == ("GPT", "public", 700)
    assert (model.input_price, model.output_price) == (2500, None)
    html = page(client, "model", model.id)
    assert 'value="2.5"' in html
    assert "api.openai.com" in html


def test_terms_that_cannot_be_keep_what_was_typed(client, officer, connection_id):
    Connection.objects.update(runs_here=False)
    model = LanguageModel.objects.get(name="gpt-4o")
    terms = {"title": "My GPT", "ceiling": "restricted", "max_tokens": "0"}
    response = client.post(reverse("llms:set_terms", args=[model.id]), terms)
    assert response.status_code == 422
    assert 'value="My GPT"' in response.content.decode()


def test_saying_hello_shows_the_answer_escaped(client, officer, connection_id):
    model = LanguageModel.objects.get(name="gpt-4o")
    html = client.post(reverse("llms:say_hello", args=[model.id]), follow=True).content.decode()
    assert "It answered in" in html
    assert "&lt;b&gt;there" in html


def test_a_model_that_does_not_answer_says_why(client, officer):
    plant_practice_model()
    model = LanguageModel.objects.get()
    html = client.post(reverse("llms:say_hello", args=[model.id]), follow=True).content.decode()
    assert "The practice model is not installed." in html


def test_checking_and_disconnecting_say_what_happened(client, officer, connection_id, server):
    checked = client.post(reverse("llms:check", args=[connection_id]), follow=True).content.decode()
    assert "It works." in checked
    server.is_down = True
    failed = client.post(reverse("llms:check", args=[connection_id]), follow=True).content.decode()
    assert "This connection does not work" in failed
    gone = client.post(reverse("llms:disconnect", args=[connection_id]), follow=True).content.decode()
    assert "Its key is forgotten" in gone
    assert "Connect it again" in page(client, "connection", connection_id)


def test_an_ollama_on_this_machine_is_offered_until_it_is_connected(client, officer):
    cache.set("llms.ollama", ("llama3.2:3b", "qwen3:8b", "gemma3:4b"), 60)
    assert "Ollama runs on this machine with 3 models" in page(client, "models")
    Connection.objects.create(
        kind="openai_compatible", title="Ollama", values={"endpoint": "http://127.0.0.1:11434/v1"}
    )
    assert "Ollama runs on this machine" not in page(client, "models")
    cache.delete("llms.ollama")


def test_an_officer_chooses_who_stands_in(client, officer, connection_id):
    small, big = (LanguageModel.objects.get(name=name).id for name in ("gpt-4o-mini", "gpt-4o"))
    turn_on(small, officer.actor)
    assert "No other model that is on" in page(client, "model", small)
    turn_on(big, officer.actor)
    url = reverse("llms:set_stand_ins", args=[small])
    assert client.post(url, {"place_0": str(big), "place_1": "", "place_2": ""}).status_code == 302
    assert [one.id for one in queries.stand_ins_of(small)] == [big]
    html = page(client, "model", small)
    assert f'<option value="{big}" selected' in html
    assert "<code>gpt-4o-mini</code>" in html


def test_the_same_stand_in_twice_is_said_on_the_page(client, officer, connection_id):
    small, big = (LanguageModel.objects.get(name=name).id for name in ("gpt-4o-mini", "gpt-4o"))
    turn_on(small, officer.actor)
    turn_on(big, officer.actor)
    answer = client.post(
        reverse("llms:set_stand_ins", args=[small]), {"place_0": str(big), "place_1": str(big)}
    )
    assert answer.status_code == 422
    assert "A model is chosen twice." in answer.content.decode()


def test_a_maker_does_not_choose_stand_ins(client, signed_in, connection_id):
    small = LanguageModel.objects.get(name="gpt-4o-mini").id
    signed_in(client, roles=("maker",))
    assert client.post(reverse("llms:set_stand_ins", args=[small])).status_code == 403
    assert "When it cannot answer" not in page(client, "model", small)
