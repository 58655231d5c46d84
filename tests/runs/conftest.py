"""An open installation in this process: gate, journal writer, durable execution, the scripted model."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import transaction

from allotment.composition.installation import opened
from allotment.composition.snapshot import keeping
from allotment.engine.principals import Role
from allotment.journal.recording import note
from allotment.kernel.settings import settings
from allotment.llms.models import Connection, LanguageModel
from allotment.microapps.exchanging import push
from allotment.microapps.publishing import publish
from allotment.microapps.queries import review
from allotment.microapps.releasing import WantedReach
from allotment.microapps.reviewing import approve
from allotment.microapps.saving import save_version
from allotment.microapps.states import Audience
from allotment.people.models import Space
from allotment.prompts.starting import plant_library
from tests.conftest import MakePerson, Somebody

SPEC = (Path(__file__).parents[1] / "customer_reply.yaml").read_text(encoding="utf-8")

_PATIENCE_SECONDS = 5


@pytest.fixture
def installation(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Library and scripted model planted, everything open."""
    plant_library()
    connection = Connection.objects.create(kind="scripted", title="Scripted", runs_here=True)
    LanguageModel.objects.create(
        connection=connection,
        name="scripted",
        title="Scripted",
        is_on=True,
        is_default=True,
        ceiling="restricted",
        max_tokens=512,
    )
    for leftover in settings().home.glob("runs.sqlite3*"):
        leftover.unlink()
    assert "test" in str(django_settings.DATABASES["default"]["NAME"])
    with opened():
        yield


@pytest.fixture
def script(installation: None) -> Callable[..., None]:
    """Return `script(delay_milliseconds="500", failure="500")`, which changes how the scripted model behaves."""

    def change(**values: str) -> None:
        row = Connection.objects.get(kind="scripted")
        row.values = values
        row.revision += 1
        known = keeping.current()
        with transaction.atomic():
            row.save()
            note("models.connect", actor=None, object_kind="connection", object_id=str(row.id))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while keeping.current() is known and time.monotonic() < deadline:
            time.sleep(0.02)

    return change


@pytest.fixture
def maker(person: MakePerson) -> Somebody:
    return person(roles=[Role.MAKER], spaces=["Service desk"])


@pytest.fixture
def colleague(person: MakePerson) -> Somebody:
    return person(roles=[Role.COLLEAGUE], spaces=["Service desk"])


@pytest.fixture
def app(installation: None, maker: Somebody, person: MakePerson) -> UUID:
    """A published app of the service desk."""
    made = push(maker.actor, SPEC).app.id
    save_version(made, maker.actor)
    space = Space.objects.get(name="Service desk")
    published = publish(made, maker.actor, WantedReach(Audience.SPACE, space.id))
    if published.review is not None:
        approve(published.review, person(roles=[Role.REVIEWER]).actor, review(published.review).digest)
    return made
