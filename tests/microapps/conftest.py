"""Templates, makers, reviewers and apps for the tests of this feature."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from allotment.microapps import making, queries, saving
from allotment.microapps.values import AppDetail
from allotment.prompts.starting import plant_library
from tests.conftest import MakePerson, SignIn, Somebody
from tests.microapps.specs import customer_reply

HERE = Path(__file__).parent

MakeApp = Callable[..., AppDetail]


@pytest.fixture
def library(db: None) -> int:
    """Plant the two approved templates of `library/`."""
    return plant_library(HERE / "library")


@pytest.fixture
def mira(person: MakePerson) -> Somebody:
    """A maker of the service desk."""
    return person(roles=("maker",), spaces=("Service desk",), name="Mira Okafor")


@pytest.fixture
def jonas(person: MakePerson) -> Somebody:
    """Another maker of the service desk."""
    return person(roles=("maker",), spaces=("Service desk",), name="Jonas Weber")


@pytest.fixture
def rosa(person: MakePerson) -> Somebody:
    """A reviewer."""
    return person(roles=("reviewer", "maker"), name="Rosa de la Cruz")


@pytest.fixture
def colleague(person: MakePerson) -> Somebody:
    """Somebody of the service desk who only runs apps."""
    return person(roles=("colleague",), spaces=("Service desk",), name="Sam Lee")


@pytest.fixture
def make_app(library: int, mira: Somebody) -> MakeApp:
    """Return `make_app(owner=mira, saved=True, **changes of the spec)`."""

    def make(owner: Somebody = mira, *, saved: bool = True, **changes: Any) -> AppDetail:
        app = making.make_from_plain(owner.actor, customer_reply(**changes))
        if saved:
            saving.save_version(app.id, owner.actor, "First")
        return queries.app_for(owner.actor, app.id)

    return make


@pytest.fixture
def app(make_app: MakeApp) -> AppDetail:
    """Mira's app, saved."""
    return make_app()


@pytest.fixture
def mira_in(client: Client, signed_in: SignIn, mira: Somebody) -> Client:
    """A browser in which Mira is signed in."""
    signed_in(client, mira)
    return client
