"""Connecting tries first; failures name the field; credentials are sealed and never come back out."""

import logging

import pytest
from django.conf import settings as django_settings

from allotment.journal.queries import Wanted, recent
from allotment.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from allotment.kernel.ids import new_id
from allotment.llms import connecting, offering, providers, queries
from allotment.llms.connecting import NewConnection, change_credential, check, connect
from allotment.llms.credentials import seal, unseal
from allotment.llms.disconnecting import disconnect
from allotment.llms.models import Connection, LanguageModel
from allotment.llms.practice import plant_practice_model
from tests.llms.conftest import GOOD_KEY
from tests.reading import bytes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reaching")]


def test_a_connection_that_works_is_saved_with_its_models_off(server, officer):
    found = queries.connection(connect(server.connection(), officer.actor))
    assert (found.title, found.state, found.host, found.model_count) == (
        "House models",
        "connected",
        "127.0.0.1",
        2,
    )
    assert found.on_count == 0
    assert found.added_by == officer.id
    assert not queries.offered_models()


def test_connecting_is_in_the_journal_without_the_key(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    entry = recent(Wanted(action="models.connect")).entries[0]
    assert (entry.actor, entry.object_id, entry.outcome) == (officer.id, str(connection_id), "done")
    assert GOOD_KEY not in repr(entry)


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_no_file_of_the_database_contains_the_key(server, officer):
    connect(server.connection(), officer.actor)
    path = django_settings.DATABASES["default"]["NAME"]
    stored = b"".join(bytes_of(file) for file in path.parent.glob(f"{path.name}*"))
    assert b"House models" in stored
    assert GOOD_KEY.encode() not in stored


def test_a_sealed_key_opens_for_its_own_row_only(server, officer):
    row = Connection.objects.get(id=connect(server.connection(), officer.actor))
    assert unseal(row.id, row.sealed_secrets) == {"key": GOOD_KEY}
    with pytest.raises(Unavailable, match="changed or moved"):
        unseal(new_id(), row.sealed_secrets)


def test_nothing_secret_seals_to_nothing():
    assert seal(new_id(), {}) == b""
    assert unseal(new_id(), b"") == {}


def test_a_rejected_key_is_said_at_the_key_and_not_saved(server, officer, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(Invalid, match="refused the key") as refusal:
        connect(server.connection(key="sk-wrong-key-0815"), officer.actor)
    assert refusal.value.where == "key"
    assert "sk-wrong-key-0815" not in f"{refusal.value.message} {refusal.value.hint} {caplog.text}"
    assert not Connection.objects.exists()


def test_an_address_where_nobody_answers_is_said_at_the_address(server, officer):
    with pytest.raises(Invalid, match="could not be reached") as refusal:
        connect(server.connection(endpoint="http://127.0.0.1:9/v1"), officer.actor)
    assert refusal.value.where == "endpoint"


def test_a_private_address_needs_the_local_network(server, officer):
    with pytest.raises(Invalid, match="may not reach") as refusal:
        connect(server.connection(network="public"), officer.actor)
    assert refusal.value.where == "endpoint"


def test_a_server_in_trouble_is_not_saved(server, officer):
    server.is_down = True
    with pytest.raises(Invalid, match="problem of its own"):
        connect(server.connection(), officer.actor)
    assert not Connection.objects.exists()


def test_a_server_without_models_is_not_saved(server, officer):
    server.names = ()
    with pytest.raises(Invalid, match="offers no models"):
        connect(server.connection(), officer.actor)


def test_an_empty_required_field_is_named(officer):
    with pytest.raises(Invalid, match="“Key” is empty") as refusal:
        connect(
            NewConnection("anthropic", "Claude", {"endpoint": "https://api.anthropic.com"}), officer.actor
        )
    assert refusal.value.where == "key"


def test_an_unknown_kind_is_refused(officer):
    with pytest.raises(NotFound, match="cannot connect to “carrier-pigeon”"):
        connect(NewConnection("carrier-pigeon", "Coo", {}), officer.actor)


def test_a_new_key_replaces_the_old_one_only_when_it_works(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    same = {"endpoint": server.url, "network": "local"}
    with pytest.raises(Invalid):
        change_credential(connection_id, {**same, "key": "sk-wrong-key-0815"}, officer.actor)
    server.keys.add("sk-second-key-2222")
    change_credential(connection_id, {**same, "key": "sk-second-key-2222"}, officer.actor)
    row = Connection.objects.get(id=connection_id)
    assert unseal(row.id, row.sealed_secrets) == {"key": "sk-second-key-2222"}
    assert row.revision == 2


def test_a_kept_key_never_travels_to_another_address(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    elsewhere = {"endpoint": server.url.replace("127.0.0.1", "localhost"), "network": "local", "key": ""}
    with pytest.raises(Invalid, match="address changed") as refusal:
        change_credential(connection_id, elsewhere, officer.actor)
    assert refusal.value.where == "key"


def test_an_empty_key_keeps_the_one_there_is(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    change_credential(connection_id, {"endpoint": server.url, "network": "local", "key": ""}, officer.actor)
    row = Connection.objects.get(id=connection_id)
    assert unseal(row.id, row.sealed_secrets) == {"key": GOOD_KEY}


def test_checking_finds_new_models_and_keeps_decisions(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    chosen = LanguageModel.objects.get(name="gpt-4o")
    offering.turn_on(chosen.id, officer.actor)
    server.names = (*server.names, "gpt-6")
    assert check(connection_id, officer.actor)
    assert [model.name for model in queries.models_of(connection_id)] == ["gpt-4o", "gpt-4o-mini", "gpt-6"]
    assert [model.is_on for model in queries.models_of(connection_id)] == [True, False, False]


def test_a_connection_that_stops_working_says_why(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    server.keys.clear()
    assert not check(connection_id, officer.actor)
    found = queries.connection(connection_id)
    assert found.state == "failing"
    assert "refused the key" in found.trouble
    assert GOOD_KEY not in found.trouble


def test_disconnecting_forgets_the_key_and_keeps_the_rest(server, officer):
    connection_id = connect(server.connection(), officer.actor)
    model = LanguageModel.objects.get(name="gpt-4o")
    offering.turn_on(model.id, officer.actor)
    disconnect(connection_id, officer.actor)
    row = Connection.objects.get(id=connection_id)
    assert (row.state, bytes(row.sealed_secrets), row.models.count()) == ("off", b"", 2)
    assert not queries.offered_models()
    with pytest.raises(Unavailable, match="switched off"):
        providers.reachable(model.id)
    with pytest.raises(Conflict):
        connecting.check(connection_id, officer.actor)


def test_what_is_built_in_cannot_be_disconnected(officer):
    plant_practice_model()
    with pytest.raises(Conflict, match="belongs to this installation"):
        disconnect(Connection.objects.get().id, officer.actor)
