"""An open installation in this process: gate, journal writer, durable execution, the scripted model."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest
from django.conf import settings as django_settings
from django.db import transaction

from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.composition.installation import opened
from allotment.composition.snapshot import keeping
from allotment.engine.asking import ChatDelta, ChatRequest
from allotment.engine.principals import Role
from allotment.journal import verify_journal
from allotment.journal.receipts import trusted_key
from allotment.journal.recording import note
from allotment.kernel import clock
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
from allotment.policies.budgets import trading
from allotment.policies.budgets.leasing import Budgets
from allotment.prompts.starting import plant_library
from allotment.runs import gatehouse
from tests.conftest import MakePerson, Somebody

Verify = Callable[[Mapping[str, Any]], tuple[int, str]]

SPEC = (Path(__file__).parents[1] / "customer_reply.yaml").read_text(encoding="utf-8")

PATIENCE_SECONDS = 60
"""How long a test waits for what must come; it fails later than it need, and never for a slow machine."""


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.02)


def look_again() -> None:
    """Wait until this process knows what was changed before this moment."""
    keeper, since = keeping._keeper, clock.monotonic()
    assert keeper is not None
    keeper.nudge()
    eventually(lambda: keeper._looked_at >= since)


def budgets_in_force() -> None:
    """Wait until this process keeps to the budgets as they are stored."""
    limiter = gatehouse.gate().limiter
    assert isinstance(limiter, Budgets)
    eventually(lambda: limiter._limits.rules.revision == trading.current_revision())


class Door:
    """Where questions wait for the scripted model: it answers none before the test opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self._is_open = threading.Event()
        chat = ScriptedProvider.chat

        async def behind(provider: ScriptedProvider, request: ChatRequest) -> AsyncIterator[ChatDelta]:
            self.asked += 1
            await anyio.to_thread.run_sync(self._is_open.wait, abandon_on_cancel=True)
            async for delta in chat(provider, request):
                yield delta

        monkeypatch.setattr(ScriptedProvider, "chat", behind)

    def open(self) -> None:
        """Let every question through, from now on."""
        self._is_open.set()


@pytest.fixture
def door(installation: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A closed door in front of the scripted model."""
    made = Door(monkeypatch)
    yield made
    made.open()


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
        with transaction.atomic():
            row.save()
            note("models.connect", actor=None, object_kind="connection", object_id=str(row.id))
        look_again()

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


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Return `verify(file)`: how the checking program ends with a trusted key, and what it says of a receipt."""

    def verified(file: Mapping[str, Any]) -> tuple[int, str]:
        path = tmp_path / "receipt.json"
        path.write_text(json.dumps(file))
        command = [sys.executable, str(verify_journal.__file__), str(path), "--key", trusted_key()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    return verified
