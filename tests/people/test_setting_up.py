"""Set-up links: once, for seven days, and the first administrator's only while there is none."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, NotFound
from allotment.people import inviting, leaving, queries, setting_up
from allotment.people.inviting import HandedLink, Invitation
from allotment.people.models import Person, SetUpLink
from allotment.people.setting_up import NewAccount
from tests.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def secret_of(url: str | None) -> str:
    assert url is not None
    return url.rstrip("/").rpartition("/")[2]


@pytest.fixture
def link() -> HandedLink:
    return inviting.invite(None, Invitation("Aron Lind", "Aron@example.org", frozenset({Role.MAKER})))


def test_the_first_link_makes_an_administrator_who_can_work_alone(client: Client) -> None:
    url = setting_up.first_link()
    assert url is not None
    assert "You get four roles" in client.get(path_of(url)).content.decode()
    response = client.post(
        path_of(url), {"name": "Mira Holm", "email": "Mira@Example.org", "password": PASSWORD}
    )
    assert response["Location"] == "/"
    assert client.get("/people/").status_code == 200
    mira = queries.person_by_email("mira@example.org")
    assert set(mira.roles) == {Role.ADMINISTRATOR, Role.MAKER, Role.STEWARD, Role.OFFICER}


def test_there_is_no_first_link_once_there_is_an_administrator(person: MakePerson) -> None:
    person(roles=("administrator",))
    assert setting_up.first_link() is None


def test_a_new_first_link_ends_the_one_before() -> None:
    before = secret_of(setting_up.first_link())
    setting_up.first_link()
    with pytest.raises(NotFound):
        setting_up.open_link(before)


def test_the_first_link_closes_when_somebody_else_becomes_administrator(person: MakePerson) -> None:
    secret = secret_of(setting_up.first_link())
    person(roles=("administrator",))
    with pytest.raises(NotFound):
        setting_up.use_link(secret, NewAccount("Eve", "eve@example.org", PASSWORD))


def test_the_first_administrator_cannot_take_an_existing_address(person: MakePerson) -> None:
    secret = secret_of(setting_up.first_link())
    taken = person(roles=()).email
    with pytest.raises(Conflict):
        setting_up.use_link(secret, NewAccount("Eve", taken, PASSWORD))


def test_an_invited_person_chooses_a_password_and_is_signed_in(client: Client, link: HandedLink) -> None:
    page = client.get(path_of(link.url)).content.decode()
    assert "Welcome, Aron Lind" in page
    assert 'name="email"' not in page
    client.post(path_of(link.url), {"name": "Aron Lind", "password": PASSWORD})
    assert client.get("/account/").status_code == 200
    assert Person.objects.get(id=link.person).check_password(PASSWORD)
    assert queries.person(link.person).email == "aron@example.org"


def test_a_link_works_once(client: Client, link: HandedLink) -> None:
    setting_up.use_link(link.secret, NewAccount("Aron", "", PASSWORD))
    assert client.get(path_of(link.url)).status_code == 404
    with pytest.raises(NotFound):
        setting_up.use_link(link.secret, NewAccount("Eve", "", "some other long words"))
    assert Person.objects.get(id=link.person).check_password(PASSWORD)


def test_a_link_runs_out_after_seven_days(link: HandedLink) -> None:
    almost, over = clock.now() + timedelta(days=6, hours=23), clock.now() + timedelta(days=7, minutes=1)
    with clock.frozen(almost):
        assert setting_up.open_link(link.secret).person == link.person
    with clock.frozen(over), pytest.raises(NotFound):
        setting_up.open_link(link.secret)


def test_a_guessed_link_says_what_to_do(client: Client) -> None:
    page = client.get("/set-up/guess/")
    assert page.status_code == 404
    assert "ask an administrator for a new link" in page.content.decode()


def test_only_the_digest_of_a_link_is_stored(link: HandedLink) -> None:
    (row,) = SetUpLink.objects.values()
    assert link.secret not in str(row)


def test_a_new_link_ends_the_one_before(link: HandedLink) -> None:
    newer = inviting.hand_new_link(None, link.person)
    with pytest.raises(NotFound):
        setting_up.open_link(link.secret)
    assert setting_up.open_link(newer.secret).name == "Aron Lind"


def test_a_new_link_leaves_the_old_password_until_it_is_used(link: HandedLink) -> None:
    setting_up.use_link(link.secret, NewAccount("Aron", "", PASSWORD))
    newer = inviting.hand_new_link(None, link.person)
    assert Person.objects.get(id=link.person).check_password(PASSWORD)
    setting_up.use_link(newer.secret, NewAccount("Aron", "", "a bench beside the shed"))
    assert not Person.objects.get(id=link.person).check_password(PASSWORD)


def test_the_link_of_a_deactivated_person_is_dead(link: HandedLink) -> None:
    leaving.deactivate(None, link.person)
    with pytest.raises(NotFound):
        setting_up.open_link(link.secret)
    with pytest.raises(NotFound):
        inviting.hand_new_link(None, link.person)


def test_nobody_unknown_gets_a_link() -> None:
    with pytest.raises(NotFound):
        inviting.hand_new_link(None, UUID(int=1))


@pytest.mark.parametrize("password", ["short", "1234567890", "aron@example.org"])
def test_a_password_that_is_easy_to_guess_is_refused(client: Client, link: HandedLink, password: str) -> None:
    response = client.post(path_of(link.url), {"name": "aron@example.org", "password": password})
    assert response.status_code == 422
    assert setting_up.open_link(link.secret).person == link.person


def test_an_address_is_invited_once(link: HandedLink) -> None:
    with pytest.raises(Conflict):
        inviting.invite(None, Invitation("Aron Again", "ARON@example.org", frozenset()))


def test_inviting_and_setting_up_are_recorded_without_names(link: HandedLink) -> None:
    setting_up.use_link(link.secret, NewAccount("Aron", "", PASSWORD))
    entries = JournalEntry.objects.filter(object_id=str(link.person))
    assert [entry.details["what"] for entry in entries.order_by("ticket")] == [
        "invited",
        "role given",
        "handed a set-up link",
        "set up",
    ]
    assert "aron" not in str(list(entries.values())).lower()
