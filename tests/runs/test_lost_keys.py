"""A running server whose master key is gone: pages say which key is needed and where it belongs."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client

from allotment.keys import masters
from allotment.keys.keeping import stored_keys
from allotment.microapps.exchanging import push
from allotment.runs.models import Run
from allotment.runs.sealing import seal
from tests.conftest import MakePerson, SignIn
from tests.runs.conftest import SPEC

RUN = UUID(int=7)


@pytest.fixture
def without_master_key(person: MakePerson) -> Iterator[str]:
    """Hide the master key of this process, with a stored run; returns the key's name."""
    owner = person(roles=["maker"], email="owner@example.org")
    app = push(owner.actor, SPEC).app
    Run.objects.create(
        id=RUN,
        app_id=app.id,
        spec=app.working_plain,
        digest="sha256:0",
        person_id=owner.id,
        form=seal({}, column="form", run=RUN, person=owner.id),
    )
    name = masters.masters().current.newest()
    file = masters.key_file().path
    hidden = file.rename(file.with_name("hidden"))
    _forget()
    yield name
    hidden.rename(file)
    _forget()


def _forget() -> None:
    masters.masters.cache_clear()
    stored_keys.forget_all()


@pytest.mark.django_db
def test_the_page_names_the_key_and_its_place(
    without_master_key: str, client: Client, signed_in: SignIn
) -> None:
    signed_in(client, roles=["auditor", "colleague"])
    response = client.get(f"/runs/{RUN}/")
    page = response.content.decode()
    assert response.status_code == 500
    assert f"The master key {without_master_key} is missing" in page
    assert str(masters.key_file().path) in page
    assert not masters.key_file().path.exists()
