"""The pages of people and spaces, as an administrator and as an auditor see them."""

import pytest
from django.test import Client

from allotment.people import inviting, queries
from allotment.people.inviting import Invitation
from allotment.people.models import Space
from tests.conftest import MakePerson, SignIn

pytestmark = pytest.mark.django_db


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_list_shows_who_is_what_and_where(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    signed_in(client, roles=("administrator",))
    person(name="Aron Lind", roles=("maker",), spaces=("Service desk",))
    page = text(client, "/people/")
    assert all(words in page for words in ("Aron Lind", "Maker", "Service desk", "not yet"))


def test_the_list_shows_who_has_not_used_their_link(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("administrator",))
    inviting.invite(None, Invitation("Aron Lind", "aron@example.org", frozenset()))
    assert "Not set up yet" in text(client, "/people/")


def test_the_list_can_be_searched(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    signed_in(client, roles=("administrator",))
    person(name="Aron Lind", roles=("maker",))
    person(name="Dana Petrov", roles=("auditor",))
    page = text(client, "/people/?q=lind&role=maker")
    assert "Aron Lind" in page
    assert "Dana Petrov" not in page
    assert "Nobody fits" in text(client, "/people/?q=zebra")


def test_a_long_list_has_pages(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    signed_in(client, roles=("administrator",), name="Zoe")
    for number in range(51):
        person(name=f"Person {number:03}", email=f"many{number}@example.org")
    assert "Zoe" in text(client, "/people/?page=2")


def test_inviting_shows_the_link_once(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("administrator",))
    space = Space.objects.create(name="Service desk")
    response = client.post(
        "/people/invite/",
        {"name": "Aron Lind", "email": "aron@example.org", "roles": ["maker"], "spaces": [str(space.id)]},
    )
    assert "/set-up/" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    aron = queries.person_by_email("aron@example.org")
    assert (aron.role_names, aron.spaces[0].name) == (("Maker",), "Service desk")
    assert "/set-up/" not in text(client, f"/people/{aron.id}/")


def test_inviting_a_taken_address_keeps_what_was_typed(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    signed_in(client, roles=("administrator",))
    taken = person(email="aron@example.org").email
    response = client.post("/people/invite/", {"name": "Aron Again", "email": taken, "roles": ["steward"]})
    page = response.content.decode()
    assert response.status_code == 422
    assert "has an account already" in page
    assert 'value="Aron Again"' in page
    assert 'value="steward" checked' in page


def test_an_administrator_changes_roles_spaces_and_account(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    signed_in(client, roles=("administrator",))
    aron = person(roles=("colleague",))
    space = Space.objects.create(name="Service desk")
    address = f"/people/{aron.id}/"
    client.post(f"{address}roles/", {"roles": ["reviewer"]})
    client.post(f"{address}spaces/", {"spaces": [str(space.id)]})
    client.post(f"{address}deactivate/")
    changed = queries.person(aron.id)
    assert (changed.role_names, changed.spaces[0].id, changed.is_active) == (("Reviewer",), space.id, False)
    assert "Bring the account back" in text(client, address)
    client.post(f"{address}bring-back/")
    assert queries.person(aron.id).is_active
    assert "/set-up/" in client.post(f"{address}link/").content.decode()


def test_a_role_nobody_knows_changes_nothing(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    signed_in(client, roles=("administrator",))
    aron = person(roles=("colleague",))
    client.post(f"/people/{aron.id}/roles/", {"roles": ["emperor"]})
    assert queries.person(aron.id).role_names == ("Colleague",)


def test_an_auditor_sees_people_and_changes_nothing(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    signed_in(client, roles=("auditor",))
    aron = person(name="Aron Lind", roles=("maker",), spaces=("Service desk",))
    page = text(client, f"/people/{aron.id}/")
    assert "Makes apps" in page
    assert "Save roles" not in page
    assert client.post(f"/people/{aron.id}/roles/", {"roles": ["officer"]}).status_code == 403
    assert "Invite someone" not in text(client, "/people/")


def test_a_space_is_made_filled_and_renamed(client: Client, signed_in: SignIn, person: MakePerson) -> None:
    signed_in(client, roles=("administrator",))
    aron = person(name="Aron Lind")
    response = client.post("/spaces/new/", {"name": "Service desk", "purpose": "Questions"})
    address = response["Location"]
    client.post(f"{address}members/", {"people": [str(aron.id)]})
    client.post(f"{address}change/", {"name": "Help desk", "purpose": ""})
    assert "Help desk" in text(client, "/spaces/")
    assert "1 member" in text(client, "/spaces/")


def test_a_space_needs_a_name_of_its_own(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("administrator",))
    Space.objects.create(name="Finance")
    response = client.post("/spaces/new/", {"name": "finance"})
    assert response.status_code == 422
    assert "There is a space called “finance” already." in response.content.decode()


def test_renaming_a_space_to_nothing_changes_nothing(client: Client, signed_in: SignIn) -> None:
    signed_in(client, roles=("administrator",))
    space = Space.objects.create(name="Finance")
    response = client.post(f"/spaces/{space.id}/change/", {"name": ""}, follow=True)
    assert "Nothing was changed." in response.content.decode()


def test_an_auditor_sees_the_members_of_a_space(
    client: Client, signed_in: SignIn, person: MakePerson
) -> None:
    signed_in(client, roles=("auditor",))
    person(name="Aron Lind", spaces=("Finance",))
    page = text(client, f"/spaces/{Space.objects.get().id}/")
    assert "Aron Lind" in page
    assert "Save members" not in page
