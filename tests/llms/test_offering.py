"""Which models are offered, on which terms, and how they are reached."""

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from allotment.engine.spec.app import DataClass
from allotment.journal.models import JournalEntry
from allotment.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from allotment.kernel.ids import new_id
from allotment.llms import providers, queries
from allotment.llms.connecting import change_credential, connect
from allotment.llms.models import Connection, LanguageModel
from allotment.llms.offering import Terms, make_default, set_terms, turn_off, turn_on
from allotment.llms.practice import plant_practice_model
from allotment.llms.rules import host_of, is_this_machine, stays_here
from allotment.llms.trying import QUESTION, try_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reaching")]


@pytest.fixture
def gpt(server, officer):
    connect(server.connection(), officer.actor)
    return LanguageModel.objects.get(name="gpt-4o").id


def remote() -> LanguageModel:
    """Return a model of a provider on the internet."""
    connection = Connection.objects.create(
        kind="openai_compatible", title="OpenAI", values={"endpoint": "https://api.openai.com/v1"}
    )
    return LanguageModel.objects.create(connection=connection, name="gpt-4o", title="GPT-4o")


def test_the_practice_model_is_there_from_the_start_and_planted_once():
    plant_practice_model()
    plant_practice_model()
    found = queries.default_model()
    assert found is not None
    assert (found.title, found.ceiling, found.runs_here) == (
        "Practice model (built in)",
        DataClass.RESTRICTED,
        True,
    )
    assert (found.is_practice, found.is_default, found.is_on) == (True, True, True)
    assert len(queries.offered_models()) == 1


def test_without_its_weights_the_practice_model_says_it_is_missing():
    plant_practice_model()
    found = queries.default_model()
    assert found is not None
    assert found.state == "missing"
    assert not found.can_answer


def test_a_model_is_offered_once_it_is_on(gpt, officer):
    turn_on(gpt, officer.actor)
    assert [model.id for model in queries.offered_models()] == [gpt]
    assert queries.model_named("gpt-4o").id == gpt
    turn_off(gpt, officer.actor)
    with pytest.raises(NotFound, match="No model called “gpt-4o”"):
        queries.model_named("gpt-4o")


def test_there_is_one_default(gpt, officer):
    plant_practice_model()
    turn_on(gpt, officer.actor)
    make_default(gpt, officer.actor)
    found = queries.default_model()
    assert found is not None
    assert found.id == gpt
    assert LanguageModel.objects.filter(is_default=True).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        LanguageModel.objects.update(is_default=True)


def test_without_its_default_the_practice_model_stands_in(gpt, officer):
    plant_practice_model()
    turn_on(gpt, officer.actor)
    make_default(gpt, officer.actor)
    turn_off(gpt, officer.actor)
    found = queries.default_model()
    assert found is not None
    assert found.is_practice


def test_a_model_that_is_off_cannot_be_the_default(gpt, officer):
    with pytest.raises(Conflict, match="is off"):
        make_default(gpt, officer.actor)


def test_restricted_data_is_refused_for_a_model_elsewhere(officer):
    with pytest.raises(Invalid, match="Restricted data never goes") as refusal:
        set_terms(remote().id, Terms("GPT", DataClass.RESTRICTED, 500, None, None), officer.actor)
    assert refusal.value.where == "ceiling"


@pytest.mark.parametrize("tokens", [0, 32_001])
def test_a_length_beyond_the_limits_is_refused(officer, tokens):
    with pytest.raises(Invalid) as refusal:
        set_terms(remote().id, Terms("GPT", DataClass.PUBLIC, tokens, None, None), officer.actor)
    assert refusal.value.where == "max_tokens"


def test_a_model_that_is_off_is_not_reached(gpt):
    with pytest.raises(Unavailable, match="switched off"):
        providers.provider_for(gpt)


def test_a_model_that_never_was_is_not_reached():
    with pytest.raises(NotFound):
        providers.provider_for(new_id())


def test_a_connection_is_kept_until_its_row_changes(gpt, server, officer):
    turn_on(gpt, officer.actor)
    first = providers.provider_for(gpt)
    assert providers.provider_for(str(gpt)) is first
    connection_id = queries.model(gpt).connection_id
    change_credential(connection_id, {"endpoint": server.url, "network": "local", "key": ""}, officer.actor)
    assert providers.provider_for(gpt) is not first


def test_trying_a_model_sends_the_fixed_question_only(gpt, server, officer):
    trial = try_model(gpt, officer.actor)
    assert (trial.answer, trial.tokens, trial.cost_nanodollars) == ("Hello <b>there</b>!", 17, 0)
    assert server.questions == [QUESTION]
    told = JournalEntry.objects.filter(action="models.try", object_id=str(gpt)).order_by("ticket")
    assert [one.outcome for one in told] == ["allowed", "done"]


@pytest.mark.sqlite
def test_a_model_is_not_tried_where_that_cannot_be_recorded(gpt, server, officer):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only=ON")
        try:
            with pytest.raises(OperationalError, match="readonly"):
                try_model(gpt, officer.actor)
        finally:
            cursor.execute("PRAGMA query_only=OFF")
    assert server.questions == []


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.5", False),
        ("localhost.evil.com", False),
    ],
)
def test_only_loopback_is_this_machine(host, here):
    assert is_this_machine(host) is here


def test_a_model_that_ollama_passes_on_does_not_stay_here():
    assert stays_here(connection_runs_here=True, model_name="qwen3:8b")
    assert not stays_here(connection_runs_here=True, model_name="gpt-oss:120b-cloud")
    assert not stays_here(connection_runs_here=False, model_name="gpt-4o")


def test_an_address_that_cannot_be_read_has_no_host():
    assert host_of({"endpoint": "http://[broken"}) == ""
    assert host_of({"endpoint": "https://api.openai.com/v1", "network": "public"}) == "api.openai.com"
