"""`allotment keys`: its state without secrets, and a rotation; `people erase`: asked twice, done once."""

import pytest

from allotment.journal.models import JournalEntry
from allotment.keys import masters
from allotment.keys.keeping import stored_keys
from allotment.keys.models import DataKeyRow
from allotment.people.models import Person
from tests.cli.conftest import Allotment, Installation
from tests.conftest import MakePerson


@pytest.fixture
def kept_master_key(db: None):
    """Put the master key back that the other tests of this process go on with."""
    file = masters.key_file()
    content = file.make() and file.path.read_bytes()
    yield
    file.path.write_bytes(content)
    file.drop_previous()
    masters.masters.cache_clear()
    stored_keys.forget_all()


def test_the_status_shows_the_keys_and_no_secret(allotment: Allotment) -> None:
    shown = allotment("keys", "status")
    name = masters.masters().current.newest()
    assert f"Master key    {name}, in the file" in shown.output
    assert f"1 wrapped under {name}" in shown.output
    assert "Last rotation never" in shown.output
    secret = masters.key_file().path.read_bytes()
    assert secret.hex() not in shown.output
    status = allotment("keys", "status", "--json").json
    assert (status["master"], status["data_keys"], status["is_changing"]) == (name, 1, False)


def test_a_rotation_is_told_and_journaled(allotment: Allotment, kept_master_key: None) -> None:
    allotment("keys", "status")
    before = masters.masters().current.newest()
    done = allotment("keys", "rotate", "--json").json
    assert (done["former"], done["data_keys"]) == ([before], 1)
    told = JournalEntry.objects.get(action="keys.rotate")
    assert (told.object_id, told.details["former"]) == (done["master"], before)
    assert f"2 wrapped under {done['master']}" in allotment("keys", "status").output
    assert set(DataKeyRow.objects.values_list("master", flat=True)) == {done["master"]}


def test_erasing_asks_first(allotment: Allotment, person: MakePerson) -> None:
    person(roles=["administrator"])
    person(name="Ann Field", email="ann@example.org")
    ran = allotment("people", "erase", "ann@example.org", "--reason", "request 1")
    assert ran.code == 1
    assert Person.objects.filter(email="ann@example.org").exists()


def test_erasing_says_what_backups_still_hold(allotment: Allotment, person: MakePerson) -> None:
    person(roles=["administrator"])
    person(name="Ann Field", email="ann@example.org")
    ran = allotment("people", "erase", "ann@example.org", "--reason", "request 1", "--yes")
    assert "Erased." in ran.output
    assert "Backups" in ran.output
    assert not Person.objects.filter(email="ann@example.org").exists()


def test_a_missing_master_key_stops_every_command_with_words(empty_home: Installation) -> None:
    name = empty_home("keys", "status", "--json")
    assert name.code == 0, name.errors
    (empty_home.server.home / "master.key").unlink()
    for command in (("keys", "status"), ("people", "list"), ("up",)):
        ran = empty_home(*command)
        assert ran.code == 1
        assert "is missing" in ran.errors
        assert str(empty_home.server.home / "master.key") in ran.errors
    looked = empty_home("doctor")
    assert looked.code == 1
    assert "mend   Master key" in looked.output
    assert "is missing" in looked.output
    assert not (empty_home.server.home / "master.key").exists()
