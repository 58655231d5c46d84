"""Rotation: everything stays readable at every moment, and what was broken off is finished."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allotment.adapters.master_keys.key_file import KeyFile
from allotment.kernel.crypto import LocalMasterKey, Vault, key_id_of
from allotment.kernel.errors import Conflict, Unavailable
from allotment.keys import masters, rotating
from allotment.keys.erasing import destroy
from allotment.keys.keeping import StoredDataKeys, stored_keys
from allotment.keys.models import DataKeyRow
from allotment.keys.queries import keys_status
from allotment.keys.rotating import Rotated, rotate
from tests.adapters.vault_server import TOKEN, serving_vault
from tests.keys.conftest import Home

CONTEXT = "a table.a column:1"
pytestmark = pytest.mark.usefixtures("transactions")


class _PowerCut(BaseException):
    """Ends a rotation of a test where nothing can catch it."""


def vault(keys: StoredDataKeys = stored_keys) -> Vault:
    return Vault(keys)


@pytest.fixture
def sealed(transactions: Home) -> list[bytes]:
    """Values about nobody, about two people, and one of the form of earlier installations."""
    values = [
        vault().seal(b"plain", context=CONTEXT, subject=subject) for subject in (None, uuid4(), uuid4())
    ]
    key, nonce = transactions.master_key.read_bytes(), os.urandom(12)
    old = AESGCM(key).encrypt(nonce, b"plain", CONTEXT.encode())
    return [*values, b"\x01" + LocalMasterKey(key).short_id + nonce + old]


def opened(values: list[bytes], keys: StoredDataKeys = stored_keys) -> set[bytes]:
    return {vault(keys).open(one, context=CONTEXT) for one in values}


def nothing(_: Rotated) -> None:
    """Record nothing."""


def test_rotation_wraps_every_data_key_under_a_new_master_key(sealed: list[bytes], home: Home) -> None:
    old, recorded = home.master_key.read_bytes(), []
    done = rotate(recorded.append)
    assert recorded == [done]
    assert (done.former, done.data_keys, done.was_begun_before) == ((LocalMasterKey(old).name,), 3, False)
    assert home.master_key.read_bytes() != old
    assert set(DataKeyRow.objects.values_list("master", flat=True)) == {done.master}
    assert not (home.path / "master.key.previous").exists()
    home.restart()
    assert opened(sealed) == {b"plain"}


def test_new_values_get_a_new_general_key(sealed: list[bytes]) -> None:
    rotate(nothing)
    assert key_id_of(vault().seal(b"x", context=CONTEXT)) != key_id_of(sealed[0])


def test_a_second_rotation_keeps_the_first_master_key_readable(sealed: list[bytes], home: Home) -> None:
    rotate(nothing)
    rotate(nothing)
    home.restart()
    assert opened(sealed) == {b"plain"}
    assert keys_status().former_masters == 2


def test_a_running_process_goes_on_without_a_restart(
    sealed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale, elsewhere = masters.masters(), StoredDataKeys()
    opened(sealed, elsewhere)
    rotate(nothing)
    elsewhere.forget_all()
    monkeypatch.setattr(masters, "masters", _as_read_once(stale))
    assert opened(sealed, elsewhere) == {b"plain"}
    made = vault(elsewhere).seal(b"new", context=CONTEXT, subject=uuid4())
    assert DataKeyRow.objects.get(id=key_id_of(made).hex()).master == keys_status().master


def _as_read_once(stale: masters.Masters) -> Callable[[], masters.Masters]:
    """Return what stands for a process that read the master key before the rotation."""
    held = [stale]

    def read() -> masters.Masters:
        if not held:
            held.append(masters._read(masters.settings()))
        return held[0]

    read.cache_clear = held.clear
    return read


STEPS = {
    "before anything": (rotating, "put_new_master_in_use"),
    "with the new key made": (KeyFile, "use_next"),
    "with both keys kept, the old in use": (Path, "replace"),
    "with the new key in use": (rotating, "keep_former_masters"),
    "before the keys are wrapped anew": (rotating, "wrap_anew"),
    "in the middle of wrapping": (rotating, "_renewed"),
    "before it is finished": (rotating, "finish"),
    "with all but the old file removed": (KeyFile, "drop_previous"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_broken_off_anywhere_is_finished_by_the_next(
    step: str, sealed: list[bytes], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Rotated] = []

    def power_cut(*_: object, **__: object) -> None:
        raise _PowerCut

    with monkeypatch.context() as cut:
        cut.setattr(*STEPS[step], power_cut)
        with pytest.raises(_PowerCut):
            rotate(recorded.append)
    home.restart()
    assert opened(sealed) == {b"plain"}
    made_between = vault().seal(b"plain", context=CONTEXT, subject=uuid4())
    rotate(recorded.append)
    home.restart()
    assert opened([*sealed, made_between]) == {b"plain"}
    assert sorted(path.name for path in home.path.glob("master.key*")) == ["master.key"]
    assert len(recorded) == 1
    assert not keys_status().is_changing


def test_a_rotation_broken_off_between_two_data_keys_goes_on(
    sealed: list[bytes], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, real = [], rotating._renewed

    def cut_after_one(row: DataKeyRow, known: masters.Masters):
        if renewed:
            raise _PowerCut
        renewed.append(row)
        return real(row, known)

    with monkeypatch.context() as cut:
        cut.setattr(rotating, "_renewed", cut_after_one)
        cut.setattr(rotating, "_BATCH", 1)
        with pytest.raises(_PowerCut):
            rotate(nothing)
    home.restart()
    assert opened(sealed) == {b"plain"}
    assert keys_status().is_changing
    done = rotate(nothing)
    assert (done.was_begun_before, done.data_keys) == (True, 2)
    assert opened(sealed) == {b"plain"}


def test_a_key_destroyed_during_a_rotation_stays_destroyed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, real = uuid4(), rotating._renewed
    vault().seal(b"x", context=CONTEXT, subject=ann)

    def destroy_meanwhile(row: DataKeyRow, known: masters.Masters):
        renewed = real(row, known)
        destroy(ann)
        return renewed

    monkeypatch.setattr(rotating, "_renewed", destroy_meanwhile)
    rotate(nothing)
    row = DataKeyRow.objects.get(subject=ann)
    assert (bytes(row.wrapped), row.destroyed_at is None) == (b"", False)


def test_a_data_key_that_a_slow_process_wrapped_under_the_old_master_key_opens(
    sealed: list[bytes], home: Home
) -> None:
    old = LocalMasterKey(home.master_key.read_bytes())
    rotate(nothing)
    row_id = uuid4()
    wrapped = old.wrap(bytes(32), key_id=row_id.bytes)
    DataKeyRow.objects.create(
        id=row_id, kind="person", subject=uuid4(), wrapped=wrapped.content, master=wrapped.master
    )
    assert stored_keys.find(row_id.bytes).id == row_id.bytes
    assert keys_status().is_changing
    rotate(nothing)
    assert not keys_status().is_changing


def test_two_rotations_at_once_are_refused() -> None:
    def again(_: Rotated) -> None:
        rotate(nothing)

    vault().seal(b"", context=CONTEXT)
    with pytest.raises(Conflict, match="rotated already"):
        rotate(again)


def test_a_key_in_the_environment_is_rotated_by_giving_both(home: Home) -> None:
    old, new = os.urandom(32).hex(), os.urandom(32).hex()
    home.choose(ALLOTMENT_MASTER_KEY=old)
    sealed = [vault().seal(b"plain", context=CONTEXT, subject=uuid4())]
    with pytest.raises(Conflict) as refused:
        rotate(nothing)
    assert "ALLOTMENT_MASTER_KEY_PREVIOUS" in refused.value.hint
    assert "With several servers, first" in refused.value.hint
    home.choose(ALLOTMENT_MASTER_KEY=new, ALLOTMENT_MASTER_KEY_PREVIOUS=old)
    assert opened(sealed) == {b"plain"}
    done = rotate(nothing)
    assert done.data_keys == 1
    home.choose(ALLOTMENT_MASTER_KEY_PREVIOUS="")
    assert opened(sealed) == {b"plain"}


def test_several_servers_read_each_other_while_they_are_restarted_one_by_one(home: Home) -> None:
    """Each is given the new key beside the old one first; those already restarted and the others then share all."""
    old, new = os.urandom(32).hex(), os.urandom(32).hex()
    before = {"ALLOTMENT_MASTER_KEY": old, "ALLOTMENT_MASTER_KEY_PREVIOUS": ""}
    ready = {"ALLOTMENT_MASTER_KEY": old, "ALLOTMENT_MASTER_KEY_PREVIOUS": new}
    changed = {"ALLOTMENT_MASTER_KEY": new, "ALLOTMENT_MASTER_KEY_PREVIOUS": old}
    sealed = []
    for one, another in ((before, ready), (ready, changed)):
        for server in (one, another, one):
            home.choose(**server)
            assert opened(sealed) <= {b"plain"}
            sealed.append(vault().seal(b"plain", context=CONTEXT, subject=uuid4()))
    home.choose(**before)  # a server that was left out
    with pytest.raises(Unavailable):
        opened(sealed)
    home.choose(**changed)
    rotate(nothing)
    home.choose(ALLOTMENT_MASTER_KEY_PREVIOUS="")
    assert opened(sealed) == {b"plain"}


def test_a_vault_makes_a_new_version_and_wraps_anew_itself(home: Home) -> None:
    with serving_vault() as engine:
        home.choose(ALLOTMENT_VAULT_ADDR=engine.url, ALLOTMENT_VAULT_TOKEN=TOKEN)
        sealed = [vault().seal(b"plain", context=CONTEXT, subject=uuid4())]
        engine.asked.clear()
        done = rotate(nothing)
        assert done.master == "vault:transit/allotment:v2"
        assert "POST /v1/transit/keys/allotment/rotate" in engine.asked
        assert "POST /v1/transit/rewrap/allotment" in engine.asked
        assert not any("/decrypt/" in asked for asked in engine.asked)
        home.restart()
        assert opened(sealed) == {b"plain"}


def test_the_master_key_moves_from_its_file_into_a_vault(sealed: list[bytes], home: Home) -> None:
    with serving_vault() as engine:
        home.choose(ALLOTMENT_VAULT_ADDR=engine.url, ALLOTMENT_VAULT_TOKEN=TOKEN)
        assert opened(sealed) == {b"plain"}
        rotate(nothing)
        home.master_key.unlink()
        home.restart()
        assert opened(sealed) == {b"plain"}
        assert set(keys_status().wrapped_by) == {"vault:transit/allotment:v2"}
