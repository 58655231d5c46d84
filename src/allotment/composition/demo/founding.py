"""Founding Alder Savings: its spaces and people, who all sign in with one password made for this installation."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from allotment.composition.demo.roster import MEMBERS, SPACES, Member
from allotment.engine.principals import Actor
from allotment.kernel.errors import Conflict, NotFound
from allotment.people.inviting import Invitation, invite
from allotment.people.joining import make_space
from allotment.people.queries import actor_of, all_spaces, matching_people, person_by_email
from allotment.people.setting_up import NewAccount, use_link


@dataclass(frozen=True)
class Organisation:
    """Alder Savings in this installation: ids by the names content uses."""

    spaces: Mapping[str, UUID]
    actors: Mapping[str, Actor]

    def people_of(self, space: str) -> tuple[Actor, ...]:
        """Return who works in a space."""
        return tuple(actor for actor in self.actors.values() if self.spaces[space] in actor.spaces)


def founded() -> Organisation | None:
    """Return the organisation if it is here; raises `Conflict` where other people live."""
    try:
        people = {member.key: person_by_email(member.email).id for member in MEMBERS}
    except NotFound:
        _refuse_others()
        return None
    spaces = {space.name: space.id for space in all_spaces()}
    return Organisation(spaces, {key: actor_of(person) for key, person in people.items()})


def found(password: str) -> Organisation:
    """Make spaces and people; everybody has set up their account with `password`."""
    spaces = {name: make_space(None, name, purpose) for name, purpose in SPACES.items()}
    people = {member.key: _join(member, spaces, password) for member in MEMBERS}
    return Organisation(spaces, {key: actor_of(person) for key, person in people.items()})


def _join(member: Member, spaces: Mapping[str, UUID], password: str) -> UUID:
    belongs = frozenset(spaces[name] for name in member.spaces)
    link = invite(None, Invitation(member.name, member.email, member.roles, belongs))
    return use_link(link.secret, NewAccount(member.name, member.email, password))


def _refuse_others() -> None:
    if matching_people():
        raise Conflict(
            "This installation has people of its own, and invented ones do not belong among them.",
            hint="Name an empty folder: ALLOTMENT_HOME=/tmp/demo allotment demo",
        )
