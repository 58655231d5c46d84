"""Apps as YAML: pull, push, validate."""

import pytest

from allotment.engine.spec.reading import from_plain, write_yaml
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.microapps import exchanging, publishing, queries
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience, State
from tests.conftest import Somebody
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply


def text(**changes: object) -> str:
    return write_yaml(from_plain(customer_reply(**changes)))


def test_what_is_pulled_can_be_pushed_back(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()

    pushed = exchanging.push(mira.actor, exchanging.pull(mira.actor, app.slug))

    assert (pushed.was_created, pushed.problems) == (False, ())
    assert not pushed.app.has_unsaved_changes


def test_a_new_name_lands_as_a_draft(library: int, mira: Somebody) -> None:
    pushed = exchanging.push(mira.actor, text(name="card-questions"))

    assert pushed.was_created
    assert (pushed.app.slug, pushed.app.state) == ("card-questions", State.DRAFT)


def test_a_push_never_changes_what_others_run(make_app: MakeApp, mira: Somebody, colleague: Somebody) -> None:
    app = make_app()
    publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))

    exchanging.push(mira.actor, text(title="Changed"))

    assert queries.runnable(app.id, colleague.actor).spec.title == "Reply to a customer"


def test_somebody_elses_app_is_not_overwritten(make_app: MakeApp, mira: Somebody, jonas: Somebody) -> None:
    app = make_app()
    with pytest.raises(NotFound):
        exchanging.push(jonas.actor, text())
    publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))

    with pytest.raises(NotAllowed):
        exchanging.push(jonas.actor, text())


def test_validating_tells_every_problem_with_its_place(library: int) -> None:
    assert exchanging.validate(text()) == ()
    (problem,) = exchanging.validate(text(result=[{"show": "text", "from": "steps.gone"}]))
    assert problem.where == "result.1.from"
    assert exchanging.validate("allotment: 1\nname: [")[0].line is not None
