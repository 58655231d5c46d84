"""A small organisation in the tests' database, and everything a snapshot of it needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from allotment.kernel import portal
from allotment.kernel.outbound import Outbound
from allotment.llms import providers
from allotment.llms.models import Connection, LanguageModel
from allotment.llms.practice import plant_practice_model
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

_SPEC = Path(__file__).parents[1] / "customer_reply.yaml"
SPACE = "Service desk"


@pytest.fixture
def reaching() -> Iterator[None]:
    """Open the gate's loop and the outbound client, as a running installation does."""

    async def opened() -> Outbound:
        return Outbound()

    with portal.own_loop() as loop:
        outbound = loop.call(opened)
        providers.use_outbound(outbound)
        yield
        providers.use_outbound(None)
        loop.call(outbound.close)


@dataclass(frozen=True)
class Organisation:
    """Who and what there is."""

    maker: Somebody
    reviewer: Somebody
    steward: Somebody
    officer: Somebody
    app: UUID
    publish_app: Callable[[], UUID]
    """Publishes one more app of the maker's, in their space."""


@pytest.fixture
def organisation(person: MakePerson) -> Organisation:
    """Make people, the template library, the practice model and a published app."""
    plant_library()
    plant_practice_model()
    maker, reviewer, steward, officer = (
        person(roles=(role,), spaces=(SPACE,)) for role in ("maker", "reviewer", "steward", "officer")
    )

    numbers = count(1)

    def publish_app() -> UUID:
        spec = _SPEC.read_text(encoding="utf-8").replace("name: customer-reply", f"name: app-{next(numbers)}")
        app = push(maker.actor, spec).app.id
        save_version(app, maker.actor, "first")
        reach = WantedReach(Audience.SPACE, Space.objects.get(name=SPACE).id)
        published = publish(app, maker.actor, reach)
        assert published.review is not None
        approve(published.review, reviewer.actor, review(published.review).digest)
        return app

    return Organisation(maker, reviewer, steward, officer, publish_app(), publish_app)


def scripted_model(name: str, *, ceiling: str = "confidential", is_on: bool = True) -> UUID:
    """Return a model that answers by itself."""
    connection, _ = Connection.objects.get_or_create(kind="scripted", title="Scripted", runs_here=True)
    return LanguageModel.objects.create(
        connection=connection, name=name, title=name.title(), ceiling=ceiling, is_on=is_on
    ).id
