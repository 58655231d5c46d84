"""`allotment people`: a list, an invitation, a new link."""

import pytest

from allotment.kernel.errors import Conflict, NotFound
from tests.cli.conftest import Allotment
from tests.conftest import MakePerson


def test_people_are_listed_with_roles_and_spaces(allotment: Allotment, person: MakePerson) -> None:
    person(name="Ann Field", email="ann@example.org", roles=("maker",), spaces=("Service desk",))
    (ann,) = allotment("people", "list", "--json").json
    assert (ann["name"], ann["roles"], ann["spaces"][0]["name"]) == ("Ann Field", ["maker"], "Service desk")
    shown = allotment("people", "list").output
    assert "ann@example.org" in shown
    assert "Maker" in shown


def test_people_can_be_searched(allotment: Allotment, person: MakePerson) -> None:
    person(name="Ann Field")
    person(name="Bo Meadow")
    found = allotment("people", "list", "--search", "meadow", "--json").json
    assert [one["name"] for one in found] == ["Bo Meadow"]
    assert "Nobody matches" in allotment("people", "list", "--search", "zzz").output


def test_an_invitation_prints_a_link_once(allotment: Allotment) -> None:
    made = allotment("people", "invite", "bo@example.org", "--name", "Bo", "--role", "maker", "--json").json
    assert "/set-up/" in made["link"]
    (bo,) = allotment("people", "list", "--json").json
    assert bo["roles"] == ["maker"]
    assert made["link"].rsplit("/", 2)[-2] not in allotment("people", "list", "--json").output


def test_a_new_link_replaces_the_old_one(allotment: Allotment) -> None:
    first = allotment("people", "invite", "bo@example.org", "--name", "Bo", "--json").json["link"]
    second = allotment("people", "link", "bo@example.org", "--json").json["link"]
    assert first != second
    assert "works once" in allotment("people", "link", "bo@example.org").output


def test_an_address_that_has_an_account_is_refused(allotment: Allotment, person: MakePerson) -> None:
    person(email="ann@example.org")
    with pytest.raises(Conflict, match=r"ann@example\.org"):
        allotment("people", "invite", "ann@example.org", "--name", "Ann")


def test_a_link_for_nobody_is_refused(allotment: Allotment) -> None:
    with pytest.raises(NotFound):
        allotment("people", "link", "nobody@example.org")


def test_an_unknown_role_is_refused_with_the_known_ones(allotment: Allotment) -> None:
    ran = allotment("people", "invite", "bo@example.org", "--name", "Bo", "--role", "king")
    assert ran.code == 2
    assert "'steward'" in ran.errors
