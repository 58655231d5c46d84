"""Everybody's rights, read at once, for those who keep a copy.

Invariant: each actor is exactly what `queries.actor_of` returns; whoever may not sign in is left out.
"""

from collections import defaultdict
from uuid import UUID

from allotment.engine.principals import Actor, Role
from allotment.people.models import Membership, Person, RoleGrant

_ROLES = {role.value: role for role in Role}


def all_actors() -> dict[UUID, Actor]:
    """Return everybody who may sign in, as of now."""
    roles: dict[UUID, set[Role]] = defaultdict(set)
    for person, stored in RoleGrant.objects.values_list("person_id", "role"):
        if stored in _ROLES:  # a role this version does not know grants nothing
            roles[person].add(_ROLES[stored])
    spaces: dict[UUID, set[UUID]] = defaultdict(set)
    for person, space in Membership.objects.values_list("person_id", "space_id"):
        spaces[person].add(space)
    return {
        id_: Actor(id_, name, frozenset(roles[id_]), frozenset(spaces[id_]))
        for id_, name in Person.objects.filter(is_active=True).values_list("id", "name")
    }
