"""Erasing a person through the people feature: who may be erased, what is left, and what the pages say."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.journal.personal import values_of
from allotment.kernel.errors import Conflict, Invalid, NotFound
from allotment.kernel.ids import new_id
from allotment.people import queries
from allotment.people.erasing import erase
from allotment.people.inviting import Invitation, hand_new_link, invite
from allotment.people.leaving import bring_back
from allotment.people.models import Person, SetUpLink
from allotment.people.renaming import rename
from tests.conftest import MakePerson, SignIn

pytestmark = pytest.mark.django_db
REASON = "request 2026-14"


def recorded(action: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action=action).order_by("ticket"))


def test_name_and_address_are_gone_and_the_account_is_closed(person: MakePerson) -> None:
    boss, ann = person(roles=["administrator"]), person(name="Ann Field", email="ann@example.org")
    EmailAddress.objects.create(user=ann.row, email=ann.email)
    hand_new_link(boss.actor, ann.id)
    assert erase(boss.actor, ann.id, REASON)
    row = ann.row
    assert (row.name, row.is_active, row.has_usable_password()) == ("Erased person", False, False)
    assert "ann" not in row.email
    assert not SetUpLink.objects.filter(person=row).exists()
    assert not EmailAddress.objects.filter(user=row).exists()
    assert queries.person(ann.id).is_erased
    (told,) = recorded("people.erase")
    assert (told.actor, told.object_id, told.details["reason"]) == (boss.id, str(ann.id), REASON)


def test_the_journal_knew_who_it_was_until_then(person: MakePerson) -> None:
    boss = person(roles=["administrator"])
    link = invite(boss.actor, Invitation("Ann Field", "Ann@example.org", frozenset({Role.COLLEAGUE})))
    rename(queries.actor_of(link.person), "Ann Meadow")
    (invited, *_), (renamed,) = recorded("people.manage"), recorded("account.manage")
    said = values_of([invited.id, renamed.id])
    assert [value.value for value in said[invited.id]] == ["ann@example.org", "Ann Field"]
    assert [value.value for value in said[renamed.id]] == ["Ann Meadow", "Ann Field"]
    erase(boss.actor, link.person, REASON)
    said = values_of([invited.id, renamed.id])
    assert {value.value for values in said.values() for value in values} == {None}


def test_erasing_twice_does_nothing_the_second_time(person: MakePerson) -> None:
    boss, ann = person(roles=["administrator"]), person()
    assert erase(boss.actor, ann.id, REASON)
    assert not erase(boss.actor, ann.id, REASON)
    assert len(recorded("people.erase")) == 1


def test_nobody_erases_themselves(person: MakePerson) -> None:
    boss, _ = person(roles=["administrator"]), person(roles=["administrator"])
    with pytest.raises(Conflict, match="yourself"):
        erase(boss.actor, boss.id, REASON)


def test_the_only_administrator_cannot_be_erased(person: MakePerson) -> None:
    boss = person(roles=["administrator"])
    with pytest.raises(Conflict, match="only administrator"):
        erase(None, boss.id, REASON)
    assert boss.row.is_active


def test_nobody_unknown_is_erased() -> None:
    with pytest.raises(NotFound):
        erase(None, new_id(), REASON)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_needed(reason: str, person: MakePerson) -> None:
    person(roles=["administrator"])
    with pytest.raises(Invalid, match="reason"):
        erase(None, person().id, reason)


@pytest.mark.parametrize("reason", ["Letter of Ann", "field asked", "from ANN@example.org"])
def test_a_reason_that_names_the_person_is_refused(reason: str, person: MakePerson) -> None:
    person(roles=["administrator"])
    ann = person(name="Ann Field", email="ann@example.org")
    with pytest.raises(Invalid, match="names the person"):
        erase(None, ann.id, reason)
    assert ann.row.name == "Ann Field"


def test_somebody_erased_cannot_be_brought_back(person: MakePerson) -> None:
    boss, ann = person(roles=["administrator"]), person()
    erase(boss.actor, ann.id, REASON)
    with pytest.raises(Conflict, match="cannot be undone"):
        bring_back(boss.actor, ann.id)


def test_the_page_of_somebody_erased_says_so(person: MakePerson, signed_in: SignIn, client: Client) -> None:
    boss, ann = signed_in(client, roles=["administrator"]), person()
    erase(boss.actor, ann.id, REASON)
    page = client.get(f"/people/{ann.id}/").content.decode()
    assert "Erased on request" in page
    assert "Bring the account back" not in page


def test_the_address_is_free_for_somebody_new(person: MakePerson) -> None:
    boss, ann = person(roles=["administrator"]), person(email="ann@example.org")
    erase(boss.actor, ann.id, REASON)
    invite(boss.actor, Invitation("Ann", "ann@example.org", frozenset()))
    assert Person.objects.filter(email="ann@example.org").count() == 1
