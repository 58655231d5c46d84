"""A stored run of somebody's own app, without running anything."""

from collections.abc import Callable
from uuid import UUID

import pytest

from allotment.microapps.exchanging import push
from allotment.runs.models import Run
from allotment.runs.sealing import seal
from tests.conftest import Somebody
from tests.runs.conftest import SPEC


@pytest.fixture
def make_run() -> Callable[[UUID, Somebody], None]:
    """Return `make_run(id, somebody)`."""

    def make(run: UUID, somebody: Somebody) -> None:
        app = push(somebody.actor, SPEC).app
        Run.objects.create(
            id=run,
            app_id=app.id,
            spec=app.working_plain,
            digest="sha256:0",
            person_id=somebody.id,
            form=seal({}, column="form", run=run, person=somebody.id),
        )

    return make
