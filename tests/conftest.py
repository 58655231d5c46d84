"""People for tests: a factory of people with roles and spaces, and a way to sign them in."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from allotment.engine.principals import Actor, Role
from allotment.kernel.settings import settings
from allotment.people.models import Membership, Person, RoleGrant, Space
from allotment.people.queries import actor_of


@dataclass(frozen=True)
class Somebody:
    """A person made for a test."""

    id: UUID
    name: str
    email: str
    actor: Actor

    @property
    def row(self) -> Person:
        """The stored person, read anew."""
        return Person.objects.get(id=self.id)


# How long an example takes says more about the machine than about the code; speed is measured in benchmarks.
# Continuous integration tries the same examples each time: a rare finding belongs to whoever searches, not to a push.
hypothesis_settings.register_profile(
    "steady",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("steady")

PASSWORD = "four small green plots"
"""Everybody's password in tests."""

MakePerson = Callable[..., Somebody]
SignIn = Callable[..., Somebody]

_numbers = count(1)


@cache
def _hashed_password() -> str:
    """Return the hash of `PASSWORD`, worked out once: it is slow on purpose."""
    return make_password(PASSWORD)


@pytest.fixture(autouse=True)
def nothing_to_wipe() -> Iterator[None]:
    """Leave no note of what is still to be wiped (`keys/wiping.py`) to the next test: all have one home."""
    yield
    shutil.rmtree(settings().home / "to-wipe", ignore_errors=True)


@pytest.fixture
def person(db: None) -> MakePerson:
    """Return `person(roles=("maker",), spaces=("Service desk",), name=…, email=…)`, which makes both."""

    def make(
        *,
        roles: Iterable[Role | str] = (Role.COLLEAGUE,),
        spaces: Iterable[str] = (),
        name: str = "",
        email: str = "",
    ) -> Somebody:
        number = next(_numbers)
        row = Person.objects.create(
            name=name or f"Person {number}",
            email=email or f"person{number}@example.org",
            password=_hashed_password(),
        )
        for role in roles:
            RoleGrant.objects.create(person=row, role=Role(role).value)
        for space_name in spaces:
            space, _ = Space.objects.get_or_create(name=space_name)
            Membership.objects.create(person=row, space=space)
        return Somebody(row.id, row.name, row.email, actor_of(row))

    return make


@pytest.fixture
def signed_in(person: MakePerson) -> SignIn:
    """Return `signed_in(client, somebody)` or `signed_in(client, roles=…)`, which makes the person."""

    def sign_in(client: Client, somebody: Somebody | None = None, **making: object) -> Somebody:
        who = somebody or person(**making)
        client.force_login(who.row, backend="allauth.account.auth_backends.AuthenticationBackend")
        return who

    return sign_in
