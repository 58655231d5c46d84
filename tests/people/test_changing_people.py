"""Roles, spaces, leaving and coming back: the capabilities, and what they refuse."""

from uuid import UUID

import pytest

from allotment.engine.principals import Role
from allotment.journal.models import JournalEntry
from allotment.kernel.errors import Conflict, NotAllowed, NotFound
from allotment.people import granting, joining, leaving, queries
from allotment.people.models import RoleGrant
from tests.conftest import MakePerson

pytestmark = pytest.mark.django_db


def test_giving_and_taking_roles_stores_the_difference_and_who_gave_it(person: MakePerson) -> None:
    boss, aron = person(roles=("administrator",)), person(roles=("colleague", "maker"))
    granting.set_roles(boss.actor, aron.id, frozenset({Role.MAKER, Role.STEWARD}))
    assert queries.person(aron.id).roles == (Role.MAKER, Role.STEWARD)
    assert RoleGrant.objects.get(person_id=aron.id, role="steward").granted_by_id == boss.id
    details = [
        entry.details for entry in JournalEntry.objects.filter(object_id=str(aron.id)).order_by("ticket")
    ]
    assert details == [
        {"what": "role taken", "role": "colleague"},
        {"what": "role given", "role": "steward"},
    ]


def test_roles_that_stay_the_same_are_not_recorded(person: MakePerson) -> None:
    aron = person(roles=("maker",))
    granting.set_roles(None, aron.id, frozenset({Role.MAKER}))
    assert not JournalEntry.objects.exists()


def test_the_only_administrator_keeps_the_role(person: MakePerson) -> None:
    boss = person(roles=("administrator",))
    with pytest.raises(Conflict):
        granting.set_roles(boss.actor, boss.id, frozenset({Role.MAKER}))
    assert queries.person(boss.id).roles == (Role.ADMINISTRATOR,)


def test_one_of_two_administrators_may_give_up_the_role(person: MakePerson) -> None:
    boss, _ = person(roles=("administrator",)), person(roles=("administrator",))
    granting.set_roles(boss.actor, boss.id, frozenset())
    assert queries.person(boss.id).roles == ()


def test_a_deactivated_administrator_does_not_count(person: MakePerson) -> None:
    boss, other = person(roles=("administrator",)), person(roles=("administrator",))
    leaving.deactivate(boss.actor, other.id)
    with pytest.raises(Conflict):
        granting.set_roles(boss.actor, boss.id, frozenset())


def test_the_only_administrator_cannot_be_deactivated(person: MakePerson) -> None:
    boss = person(roles=("administrator",))
    with pytest.raises(Conflict):
        leaving.deactivate(None, boss.id)


def test_nobody_deactivates_their_own_account(person: MakePerson) -> None:
    boss, _ = person(roles=("administrator",)), person(roles=("administrator",))
    with pytest.raises(Conflict):
        leaving.deactivate(boss.actor, boss.id)


def test_a_deactivated_person_is_no_actor_but_keeps_name_roles_and_spaces(person: MakePerson) -> None:
    aron = person(roles=("maker",), spaces=("Finance",), name="Aron Lind")
    leaving.deactivate(None, aron.id)
    with pytest.raises(NotAllowed):
        queries.actor_of(aron.id)
    assert queries.names([aron.id]) == {aron.id: "Aron Lind"}
    leaving.bring_back(None, aron.id)
    assert queries.actor_of(aron.id) == aron.actor


def test_people_join_and_leave_spaces(person: MakePerson) -> None:
    aron = person(spaces=("Finance",))
    desk = joining.make_space(None, " Service desk ", "Questions of customers")
    joining.set_spaces(None, aron.id, frozenset({desk}))
    assert queries.spaces_of(queries.actor_of(aron.id)) == (queries.Choice(desk, "Service desk"),)
    entry = JournalEntry.objects.filter(object_kind="person", space=desk).get()
    assert entry.details == {"what": "joined"}


def test_setting_members_leaves_deactivated_members_as_they_are(person: MakePerson) -> None:
    gone, aron, beata = person(spaces=("Finance",)), person(spaces=("Finance",)), person()
    (space,) = queries.all_spaces()
    leaving.deactivate(None, gone.id)
    joining.set_members(None, space.id, frozenset({beata.id}))
    assert [choice.id for choice in queries.people_choices(space.id)] == [beata.id]
    assert queries.person(gone.id).spaces[0].id == space.id
    assert queries.person(aron.id).spaces == ()


def test_two_spaces_never_share_a_name(person: MakePerson) -> None:
    joining.make_space(None, "Finance")
    with pytest.raises(Conflict):
        joining.make_space(None, "finance")
    desk = joining.make_space(None, "Service desk")
    with pytest.raises(Conflict):
        joining.change_space(None, desk, "FINANCE", "")
    joining.change_space(None, desk, "service desk", "")
    assert queries.space(desk).name == "service desk"


def test_a_role_this_version_does_not_know_grants_nothing(person: MakePerson) -> None:
    aron = person(roles=())
    RoleGrant.objects.create(person_id=aron.id, role="emperor")
    assert queries.actor_of(aron.id).roles == frozenset()


def test_people_are_found_by_words_and_role(person: MakePerson) -> None:
    aron = person(name="Aron Lind", email="aron@example.org", roles=("maker",))
    person(name="Aron Berg", email="berg@example.org", roles=("auditor",))
    assert queries.matching_people(search="aron LIND") == (aron.id,)
    assert queries.matching_people(search="aron", role=Role.MAKER) == (aron.id,)
    assert [found.name for found in queries.people([aron.id])] == ["Aron Lind"]


@pytest.mark.parametrize(
    "change",
    [
        lambda nobody: granting.set_roles(None, nobody, frozenset({Role.ADMINISTRATOR})),
        lambda nobody: joining.set_spaces(None, nobody, frozenset()),
        lambda nobody: joining.set_members(None, nobody, frozenset()),
        lambda nobody: joining.change_space(None, nobody, "Finance", ""),
        lambda nobody: leaving.deactivate(None, nobody),
        lambda nobody: leaving.bring_back(None, nobody),
        queries.person,
        queries.space,
        queries.actor_of,
    ],
)
def test_nobody_and_nowhere_are_not_found(change: object) -> None:
    with pytest.raises(NotFound):
        change(UUID(int=1))  # type: ignore[operator]
