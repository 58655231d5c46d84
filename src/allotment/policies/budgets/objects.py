"""What a budget may be named for: people and spaces, and what features above offer from their own tables.

Invariant: an object is its id as text; its name is looked up when it is shown, so that it may change.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext

from allotment.engine.gate.budgets import Scope
from allotment.people import queries
from allotment.policies.budgets.offering import Choices, offered


def _people() -> Sequence[tuple[str, str]]:
    return tuple((str(one.id), one.name) for one in queries.people_choices())


def _spaces() -> Sequence[tuple[str, str]]:
    return tuple((str(one.id), one.name) for one in queries.all_spaces())


_OURS: Mapping[Scope, Choices] = {Scope.PERSON: _people, Scope.SPACE: _spaces}


def choices(scope: Scope) -> Sequence[tuple[str, str]]:
    """Return what a budget of this kind may be named for, by name."""
    find = _OURS.get(scope) or offered(scope)
    return () if find is None else find()


def names(objects: Iterable[tuple[Scope, str]]) -> Mapping[tuple[Scope, str], str]:
    """Return the names of objects; one that is gone is called what it was: an app, a model."""
    wanted = set(objects)
    found: dict[tuple[Scope, str], str] = {}
    for scope in {scope for scope, _ in wanted}:
        found.update({(scope, id_): name for id_, name in choices(scope)})
    return {one: found.get(one) or _gone(one[0]) for one in wanted}


def _gone(scope: Scope) -> str:
    return {
        Scope.PERSON: gettext("somebody who left"),
        Scope.APP: gettext("an app that is gone"),
        Scope.SPACE: gettext("a space that is gone"),
        Scope.MODEL: gettext("a model that is gone"),
        Scope.ORGANISATION: gettext("the whole organisation"),
    }[scope]
