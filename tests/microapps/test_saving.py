"""Saving the working copy and versions, and rolling back."""

import pytest

from allotment.kernel.errors import Conflict, Invalid, NotAllowed
from allotment.microapps import queries, rolling_back, saving
from allotment.microapps.models import AppVersion
from tests.conftest import Somebody
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply


def test_an_edit_is_stored_with_the_next_revision(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()

    saved = saving.save_working(
        app.id, mira.actor, customer_reply(title="Card questions"), app.working_revision
    )

    after = queries.app_for(mira.actor, app.id)
    assert saved.revision == app.working_revision + 1
    assert after.title == "Card questions"
    assert after.has_unsaved_changes


def test_a_stale_edit_is_refused_and_changes_nothing(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()
    saving.save_working(app.id, mira.actor, customer_reply(title="First"), app.working_revision)

    with pytest.raises(Conflict, match="Somebody else changed"):
        saving.save_working(app.id, mira.actor, customer_reply(title="Second"), app.working_revision)

    assert queries.app_for(mira.actor, app.id).title == "First"


def test_the_name_of_a_spec_stays_its_address(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()
    saving.save_working(app.id, mira.actor, customer_reply(name="elsewhere"), app.working_revision)

    assert queries.app_for(mira.actor, app.id).working_plain["name"] == "customer-reply"


def test_nobody_else_edits_an_app(make_app: MakeApp, jonas: Somebody) -> None:
    app = make_app()

    with pytest.raises(NotAllowed):
        saving.save_working(app.id, jonas.actor, customer_reply(), app.working_revision)


def test_a_whole_spec_becomes_a_numbered_version(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app(saved=False)

    assert saving.save_version(app.id, mira.actor, "Shorter replies") == 1

    (version,) = queries.versions(app.id)
    assert (version.number, version.note, version.author.name) == (1, "Shorter replies", "Mira Okafor")
    assert queries.version_spec(app.id, 1).title == "Reply to a customer"


def test_saving_what_is_already_saved_makes_no_second_version(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()

    assert saving.save_version(app.id, mira.actor) == 1
    assert len(queries.versions(app.id)) == 1


def test_a_broken_spec_is_no_version(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app(saved=False, result=[{"show": "text", "from": "steps.nothing"}])

    with pytest.raises(Invalid) as refused:
        saving.save_version(app.id, mira.actor)

    assert refused.value.where.startswith("result")
    assert queries.versions(app.id) == ()


def test_a_version_with_an_unknown_template_is_refused(make_app: MakeApp, mira: Somebody) -> None:
    steps = [{**step, "template": "unheard-of@1"} for step in customer_reply()["steps"]]
    app = make_app(saved=False, steps=steps)

    with pytest.raises(Invalid, match="unheard-of"):
        saving.save_version(app.id, mira.actor)


def test_a_saved_version_cannot_be_written_again(make_app: MakeApp) -> None:
    make_app()
    version = AppVersion.objects.get()
    version.note = "changed"

    with pytest.raises(Conflict):
        version.save()


def test_rolling_back_brings_the_old_spec_into_the_working_copy(make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()
    saving.save_working(app.id, mira.actor, customer_reply(title="Worse"), app.working_revision)
    saving.save_version(app.id, mira.actor)

    rolling_back.roll_back(app.id, mira.actor, 1)

    assert queries.app_for(mira.actor, app.id).title == "Reply to a customer"
    assert [version.number for version in queries.versions(app.id)] == [2, 1]


def test_rolling_back_needs_the_right_to_edit(make_app: MakeApp, jonas: Somebody) -> None:
    with pytest.raises(NotAllowed):
        rolling_back.roll_back(make_app().id, jonas.actor, 1)
