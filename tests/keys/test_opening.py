"""A missing or wrong master key: named, with the place where it belongs; nothing is overwritten."""

import os

import pytest

from allotment.kernel.crypto import LocalMasterKey, Vault
from allotment.kernel.errors import Misconfigured, Unavailable
from allotment.keys import masters
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow
from allotment.keys.opening import open_keys
from tests.adapters.vault_server import TOKEN, serving_vault
from tests.keys.conftest import Home

pytestmark = pytest.mark.django_db
CONTEXT = "a table.a column:1"


def test_a_first_start_makes_a_master_key_and_a_data_key(home: Home) -> None:
    open_keys()
    assert len(home.master_key.read_bytes()) == 32
    assert DataKeyRow.objects.count() == 1


def test_a_second_start_makes_nothing(home: Home) -> None:
    open_keys()
    before = home.master_key.read_bytes()
    home.restart()
    open_keys()
    assert home.master_key.read_bytes() == before
    assert DataKeyRow.objects.count() == 1


def test_a_lost_master_key_is_named_and_no_other_is_made(home: Home) -> None:
    open_keys()
    name = masters.masters().current.newest()
    home.master_key.unlink()
    home.restart()
    with pytest.raises(Misconfigured, match=f"master key {name} is missing") as refused:
        open_keys()
    assert str(home.master_key) in refused.value.hint
    assert not home.master_key.exists()


def test_a_wrong_master_key_is_named_and_nothing_is_overwritten(home: Home) -> None:
    open_keys()
    name = masters.masters().current.newest()
    wrong = os.urandom(32)
    home.master_key.write_bytes(wrong)
    home.restart()
    with pytest.raises(Unavailable, match=f"master key {name} is needed") as refused:
        open_keys()
    assert str(home.master_key) in refused.value.hint
    assert home.master_key.read_bytes() == wrong
    assert DataKeyRow.objects.count() == 1


def test_the_right_master_key_put_back_opens_everything(home: Home) -> None:
    sealed = Vault(stored_keys).seal(b"plain", context=CONTEXT)
    right = home.master_key.read_bytes()
    home.master_key.unlink()
    home.restart()
    with pytest.raises(Misconfigured):
        Vault(stored_keys).open(sealed, context=CONTEXT)
    home.master_key.write_bytes(right)
    assert Vault(stored_keys).open(sealed, context=CONTEXT) == b"plain"


def test_a_master_key_of_the_wrong_length_is_refused(home: Home) -> None:
    home.master_key.write_bytes(b"too short")
    with pytest.raises(Misconfigured, match="9 bytes") as refused:
        open_keys()
    assert "backup" in refused.value.hint


def test_a_master_key_may_come_from_the_environment(home: Home) -> None:
    key = os.urandom(32)
    home.choose(ALLOTMENT_MASTER_KEY=key.hex())
    open_keys()
    assert DataKeyRow.objects.get().master == LocalMasterKey(key).name
    assert not home.master_key.exists()


def test_a_master_key_may_live_in_a_vault(home: Home) -> None:
    with serving_vault() as engine:
        home.choose(ALLOTMENT_VAULT_ADDR=engine.url, ALLOTMENT_VAULT_TOKEN=TOKEN)
        open_keys()
        assert DataKeyRow.objects.get().master == "vault:transit/allotment:v1"
        assert not home.master_key.exists()
        home.restart()
        engine.is_sealed = True
        with pytest.raises(Unavailable, match="does not answer"):
            open_keys()


def test_a_vault_that_is_no_longer_named_is_asked_for(home: Home) -> None:
    with serving_vault() as engine:
        home.choose(ALLOTMENT_VAULT_ADDR=engine.url, ALLOTMENT_VAULT_TOKEN=TOKEN)
        open_keys()
    home.choose(ALLOTMENT_VAULT_ADDR="")
    with pytest.raises(Misconfigured, match="vault:transit/allotment:v1 is missing") as refused:
        open_keys()
    assert "ALLOTMENT_VAULT_ADDR" in refused.value.hint
    assert not home.master_key.exists()


def test_a_vault_without_a_token_is_refused(home: Home) -> None:
    with pytest.raises(Misconfigured, match="no token"):
        home.choose(ALLOTMENT_VAULT_ADDR="http://127.0.0.1:9")
