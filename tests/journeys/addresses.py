"""Every route of the site as addresses with real ids, the action each needs and the roles that may open it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from allotment.engine.principals import Actor, Role
from allotment.policies.authority import needed_for
from allotment.policies.deciding import decide

Values = Mapping[str, Sequence[object]]
"""What may stand in each placeholder of an address, by the placeholder's name."""


@dataclass(frozen=True)
class Address:
    """One address; `roles` may open it as far as the gatekeeper is concerned."""

    route: str
    path: str
    action: str
    roles: tuple[str, ...]
    for_strangers: bool
    names_object: bool


def addresses(values: Mapping[str, Values], actors: Mapping[str, Actor]) -> Iterator[Address]:
    """Yield each route of the site with every value; `values` are by feature, each with its placeholders."""
    for route, placeholders in _routes(get_resolver().url_patterns):
        feature = route.rpartition(":")[0]
        lists = [values[feature][_key(route, name)] for name in placeholders]
        for chosen in product(*lists):
            path = reverse(route, kwargs=dict(zip(placeholders, chosen, strict=True)))
            yield _address(route, path, actors, names_object=bool(placeholders))


def _key(route: str, name: str) -> str:
    """Return the placeholder's name; where features use one word for two things, the route tells them apart."""
    return {"microapps:starter": "starter", "web:asset": "asset"}.get(route, name)


def _address(route: str, path: str, actors: Mapping[str, Actor], *, names_object: bool) -> Address:
    action = needed_for(resolve(path))
    assert action is not None, f"{path} names no authority"
    roles = tuple(role for role in Role if decide(actors[role.value], action).allowed)
    return Address(route, path, action.value, roles, decide(None, action).allowed, names_object)


def _routes(
    patterns: Sequence[URLPattern | URLResolver], feature: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, entry.namespace or feature)
        else:
            yield f"{feature}:{entry.name}".lstrip(":"), tuple(entry.pattern.converters)
