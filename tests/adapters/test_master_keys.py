"""Master keys, wherever they live: what they wrap they unwrap, for the key it was wrapped for; errors are words."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from allotment.adapters.master_keys import vault_transit
from allotment.adapters.master_keys.key_file import KeyFile
from allotment.adapters.master_keys.vault_transit import Transit
from allotment.adapters.master_keys.written import key_in
from allotment.kernel.crypto import LocalMasterKey, MasterKey, Wrapped
from allotment.kernel.errors import Misconfigured, Unavailable
from allotment.kernel.settings import VaultTransit
from tests.adapters.vault_server import TOKEN, TransitEngine, serving_vault

KEY, KEY_ID = bytes(range(32)), uuid4().bytes


@pytest.fixture
def engine() -> Iterator[TransitEngine]:
    with serving_vault() as found:
        yield found


@pytest.fixture
def access(engine: TransitEngine) -> VaultTransit:
    return VaultTransit(
        address=engine.url,
        token=TOKEN,
        token_file=None,
        key="allotment",
        mount="transit",
        namespace="",
        ca_file="",
    )


@pytest.fixture(params=["local", "vault"])
def master(request: pytest.FixtureRequest) -> MasterKey:
    if request.param == "local":
        return LocalMasterKey(os.urandom(32))
    return Transit(request.getfixturevalue("access"))


def test_what_it_wraps_it_unwraps(master: MasterKey) -> None:
    wrapped = master.wrap(KEY, key_id=KEY_ID)
    assert KEY not in wrapped.content
    assert wrapped.master == master.newest()
    assert master.can_unwrap(wrapped.master)
    assert master.unwrap(wrapped, key_id=KEY_ID) == KEY


def test_a_key_wrapped_for_another_place_is_refused(master: MasterKey) -> None:
    with pytest.raises(Unavailable, match="does not verify"):
        master.unwrap(master.wrap(KEY, key_id=KEY_ID), key_id=uuid4().bytes)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"vault:v1:AAAA", b"vault:v9:AAAA"])
def test_what_it_did_not_wrap_is_refused(master: MasterKey, content: bytes) -> None:
    with pytest.raises(Unavailable):
        master.unwrap(Wrapped(master.newest(), content), key_id=KEY_ID)


def test_it_renews_what_it_wrapped(master: MasterKey) -> None:
    renewed = master.renew(master.wrap(KEY, key_id=KEY_ID), key_id=KEY_ID)
    assert master.unwrap(renewed, key_id=KEY_ID) == KEY


def test_a_vault_rotates_and_renews_without_showing_the_key(
    access: VaultTransit, engine: TransitEngine
) -> None:
    master = Transit(access)
    old = master.wrap(KEY, key_id=KEY_ID)
    master.rotate()
    engine.asked.clear()
    renewed = master.renew(old, key_id=KEY_ID)
    assert engine.asked == ["POST /v1/transit/rewrap/allotment"]
    assert (old.master, renewed.master) == ("vault:transit/allotment:v1", "vault:transit/allotment:v2")
    assert master.newest() == renewed.master
    assert master.unwrap(old, key_id=KEY_ID) == master.unwrap(renewed, key_id=KEY_ID) == KEY


def test_a_vault_that_is_down_is_named_without_the_token(access: VaultTransit) -> None:
    master = Transit(replace(access, address="http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="does not answer") as refused:
        master.wrap(KEY, key_id=KEY_ID)
    assert TOKEN not in f"{refused.value.message} {refused.value.hint}"


def test_a_sealed_vault_is_said_to_be_unreachable(access: VaultTransit, engine: TransitEngine) -> None:
    engine.is_sealed = True
    with pytest.raises(Unavailable, match="does not answer") as refused:
        Transit(access).newest()
    assert "unsealed" in refused.value.hint


def test_a_refused_token_is_named_as_the_reason(access: VaultTransit) -> None:
    with pytest.raises(Unavailable, match="refuses the token") as refused:
        Transit(replace(access, token="hvs.old")).newest()
    assert "hvs.old" not in f"{refused.value.message} {refused.value.hint}"


def test_a_renewed_token_is_read_from_its_file(
    access: VaultTransit, engine: TransitEngine, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("hvs.fresh\n", encoding="utf-8")
    master = Transit(replace(access, token_file=file))
    engine.token = "hvs.fresh"
    assert master.newest() == "vault:transit/allotment:v1"


def test_a_key_the_vault_does_not_have_is_named(access: VaultTransit) -> None:
    with pytest.raises(Unavailable, match="“other”"):
        Transit(replace(access, key="other")).newest()


def test_what_is_no_vault_is_said_not_to_be(
    access: VaultTransit, engine: TransitEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "answer", lambda *_: (200, ["hello"]))
    with pytest.raises(Unavailable, match="not a Vault"):
        Transit(access).newest()


def test_the_missing_part_is_named_with_its_installation(
    access: VaultTransit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_transit, "hvac", None)
    with pytest.raises(Misconfigured) as refused:
        Transit(access)
    assert 'pip install "allotment[vault]"' in refused.value.hint


def test_settings_do_not_show_the_token(access: VaultTransit) -> None:
    assert TOKEN not in repr(access)


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        KEY.hex().encode(),
        KEY.hex().encode() + b"\n",
        b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ],
)
def test_a_key_may_be_written_in_three_ways(written: bytes) -> None:
    assert key_in(written, "a test").name == LocalMasterKey(KEY).name


@pytest.mark.parametrize("written", [b"", b"short", b"x" * 64, KEY + b"!", b"\xff" * 64])
def test_what_is_no_key_is_refused_without_showing_it(written: bytes) -> None:
    with pytest.raises(Misconfigured, match="the place") as refused:
        key_in(written, "the place")
    assert not written or written.decode("latin-1") not in refused.value.message


def test_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "master.key")
    assert file.read() is None
    assert file.make().name == file.make().name
    assert len(file.path.read_bytes()) == 32
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.is_private()


def test_a_change_keeps_the_old_key_until_it_is_dropped(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "master.key")
    old = file.make()
    file.make_next()
    assert file.read().name == old.name
    file.use_next()
    assert file.read().name != old.name
    assert file.read_previous().name == old.name
    assert file.is_changing()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    file.drop_previous()
    assert not file.is_changing()
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir()
    with pytest.raises(Misconfigured, match=r"master\.key cannot be read"):
        KeyFile(tmp_path / "master.key").read()
