"""Where the gate finds models."""

import anyio
import pytest

from allotment.composition.directory import ModelDirectory
from allotment.composition.snapshot.taking import take
from allotment.engine.asking import Usage
from allotment.kernel.errors import Unavailable
from allotment.llms.models import LanguageModel
from allotment.llms.offering import turn_off, turn_on
from allotment.llms.queries import asked, model
from tests.composition.conftest import scripted_model
from tests.engine.gate.scene import Purse, Scene, question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reaching")]


def provider(directory, asked_model):
    return anyio.run(directory.provider, asked_model)


def test_a_model_of_the_snapshot_is_found_without_a_row(organisation, django_assert_num_queries):
    known = take()
    directory = ModelDirectory(lambda: known)
    found = known.models_by_id[str(scripted_model_id(known))]
    with django_assert_num_queries(0):
        assert provider(directory, found.asked) is found.provider
        assert directory.cost_nanodollars(found.asked, Usage(10, 10)) == 0


def scripted_model_id(known):
    return next(iter(known.models_by_id))


def test_a_model_turned_on_a_moment_ago_is_found_by_its_row(organisation):
    before = take()
    late = scripted_model("late")
    assert provider(ModelDirectory(lambda: before), asked(model(late)))


def test_a_model_that_is_off_is_not_found(organisation):
    late = scripted_model("late")
    turn_on(late, organisation.officer.actor)
    wanted = asked(model(late))
    turn_off(late, organisation.officer.actor)
    known = take()
    with pytest.raises(Unavailable, match="switched off"):
        provider(ModelDirectory(lambda: known), wanted)


def test_an_answer_is_still_priced_when_its_model_was_turned_off_meanwhile(organisation):
    late = scripted_model("late")
    LanguageModel.objects.filter(id=late).update(input_price=3, output_price=5)
    connection = LanguageModel.objects.get(id=late).connection
    connection.runs_here = False
    connection.save()
    known = [take()]
    wanted = known[0].models_by_id[str(late)].asked
    directory = ModelDirectory(lambda: known[-1])
    provider(directory, wanted)
    turn_off(late, organisation.officer.actor)
    known.append(take())
    assert directory.cost_nanodollars(wanted, Usage(10, 100)) == 530


def test_a_model_that_was_never_reached_has_no_price(organisation):
    late = scripted_model("late")
    known = take()
    turn_off(late, organisation.officer.actor)
    later = take()
    directory = ModelDirectory(lambda: later)
    with pytest.raises(Unavailable, match="What “Late” costs is not known here yet"):
        directory.cost_nanodollars(known.models_by_id[str(late)].asked, Usage(1, 1))


def test_a_model_turned_on_a_moment_ago_has_its_price_before_room_is_set_aside(organisation):
    before = take()
    late = scripted_model("late")
    LanguageModel.objects.filter(id=late).update(input_price=3, output_price=5)
    connection = LanguageModel.objects.get(id=late).connection
    connection.runs_here = False
    connection.save()
    purse = Purse()
    scene = Scene(purse=purse, parts={"directory": ModelDirectory(lambda: before)})
    scene.ask(question(model=asked(model(late))))
    assert purse.rooms[0].demand.nanodollars > 0
