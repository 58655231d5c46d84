"""Settings: nothing is needed for a first start, and a wrong one is named with its remedy."""

import stat
from pathlib import Path

import pytest

from allotment.kernel.errors import Misconfigured
from allotment.kernel.settings import load


def home(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"ALLOTMENT_HOME": str(tmp_path / "home"), **more}


def test_nothing_is_needed_for_a_first_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert settings.home == tmp_path / ".allotment"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.master_key_file == settings.home / "master.key"
    assert settings.database_url == ""
    assert not settings.debug
    assert not settings.scripted_model
    assert not settings.is_https


def test_the_home_and_its_session_key_belong_to_their_owner_alone(tmp_path: Path) -> None:
    settings = load(home(tmp_path))
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.home / "session.key").stat().st_mode) == 0o600


def test_the_session_key_stays_the_same(tmp_path: Path) -> None:
    assert load(home(tmp_path)).secret_key == load(home(tmp_path)).secret_key
    assert len(load(home(tmp_path)).secret_key) >= 50


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://a:b@c/d\n", encoding="utf-8")
    assert (
        load(home(tmp_path, ALLOTMENT_DATABASE_URL_FILE=str(secret))).database_url == "postgresql://a:b@c/d"
    )


def test_the_public_address_has_no_trailing_slash_and_decides_on_https(tmp_path: Path) -> None:
    settings = load(home(tmp_path, ALLOTMENT_URL="https://apps.example.org/"))
    assert settings.public_url == "https://apps.example.org"
    assert settings.is_https


def test_listening_everywhere_still_shows_an_address_people_can_open(tmp_path: Path) -> None:
    settings = load(home(tmp_path, ALLOTMENT_HOST="0.0.0.0", ALLOTMENT_PORT="81"))  # noqa: S104 - a value, no bind
    assert settings.public_url == "http://127.0.0.1:81"


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 "])
def test_what_is_not_a_port_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(Misconfigured, match="not a port") as refused:
        load(home(tmp_path, ALLOTMENT_PORT=port))
    assert "65535" in refused.value.hint


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"ALLOTMENT_SECRET_KEY_FILE names .*gone"):
        load(home(tmp_path, ALLOTMENT_SECRET_KEY_FILE=str(tmp_path / "gone")))


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Misconfigured, match="cannot be made") as refused:
        load({"ALLOTMENT_HOME": str(tmp_path / "file" / "home")})
    assert "ALLOTMENT_HOME" in refused.value.hint


def test_the_master_key_may_be_given_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "previous"
    file.write_text("ef" * 32 + "\n", encoding="utf-8")
    settings = load(
        home(tmp_path, ALLOTMENT_MASTER_KEY="ab" * 32, ALLOTMENT_MASTER_KEY_PREVIOUS_FILE=str(file))
    )
    assert (settings.master_key, settings.previous_master_key) == ("ab" * 32, "ef" * 32)
    assert "abab" not in repr(settings)
    assert "efef" not in repr(settings)


def test_a_vault_needs_an_address_and_a_token(tmp_path: Path) -> None:
    assert load(home(tmp_path)).vault is None
    file = tmp_path / "token"
    file.write_text("hvs.secret\n", encoding="utf-8")
    named = home(
        tmp_path, ALLOTMENT_VAULT_ADDR="https://vault.example.org/", ALLOTMENT_VAULT_TOKEN_FILE=str(file)
    )
    vault = load(named).vault
    assert vault is not None
    assert (vault.address, vault.token, vault.token_file) == ("https://vault.example.org", "hvs.secret", file)
    assert (vault.key, vault.mount) == ("allotment", "transit")
    assert "hvs.secret" not in repr(load(named))
    with pytest.raises(Misconfigured, match="no token"):
        load(home(tmp_path, ALLOTMENT_VAULT_ADDR="https://vault.example.org"))
