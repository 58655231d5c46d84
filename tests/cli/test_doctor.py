"""The doctor says what keeps the journal from being signed, and what to do."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Installation
from tests.serving import Server


@pytest.fixture
def copied(installation: Installation, tmp_path: Path) -> Installation:
    """An installation of this test alone, with something signed."""
    home = tmp_path / "home"
    shutil.copytree(installation.server.home, home)
    copy = Installation(Server(home), installation.people)
    assert copy("journal", "checkpoint").code == 0
    return copy


def test_a_journal_that_cannot_be_signed_is_told_until_it_can(copied: Installation) -> None:
    def journal() -> dict[str, object]:
        (found,) = (one for one in copied("doctor", "--json").json if one["what"] == "Journal")
        return dict(found)

    key = copied.server.home / "journal.key"
    assert journal()["is_well"]
    key.chmod(0o644)
    found = journal()
    assert not found["is_well"]
    assert "Others can read or change the key that signs the journal" in str(found["words"])
    assert f"chmod 600 {key}" in str(found["remedy"])
    key.rename(key.with_name("aside"))
    assert "is missing" in str(journal()["words"])
    key.with_name("aside").rename(key)
    key.chmod(0o600)
    assert journal()["is_well"]


def test_what_is_still_to_be_wiped_is_told_until_the_next_start(copied: Installation) -> None:
    def erased() -> dict[str, object]:
        (found,) = (one for one in copied("doctor", "--json").json if one["what"] == "Erased")
        return dict(found)

    assert erased()["is_well"]
    debts = copied.server.home / "to-wipe"
    debts.mkdir(exist_ok=True)
    (debts / "keys_datakey").touch()
    found = erased()
    assert not found["is_well"]
    assert "keys_datakey is still in the files" in str(found["words"])
    assert "allotment up" in str(found["remedy"])
    assert "keys_datakey" in copied("people", "list").errors
    assert erased()["is_well"]
