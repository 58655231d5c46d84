"""Who sees which apps; the list and the policy function agree."""

from itertools import product

import pytest

from allotment.engine.actions import Action
from allotment.engine.principals import Role
from allotment.kernel.errors import NotAllowed, NotFound
from allotment.microapps import handing_over, parking, publishing, queries
from allotment.microapps.models import MicroApp
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience
from allotment.microapps.values import AppFilter
from allotment.policies.deciding import decide
from tests.conftest import MakePerson, Somebody
from tests.microapps.conftest import MakeApp

EVERYTHING = AppFilter(with_parked=True, count=200)


@pytest.fixture
def apps(make_app: MakeApp, mira: Somebody, jonas: Somebody, colleague: Somebody) -> None:
    """Apps of every audience and state."""
    (space,) = mira.actor.spaces
    reaches = [
        WantedReach(Audience.ME),
        WantedReach(Audience.PEOPLE, people=(colleague.id,)),
        WantedReach(Audience.SPACE, space),
        WantedReach(Audience.ORGANISATION),
    ]
    for index, (reach, personal) in enumerate(product(reaches, (False, True))):
        app = make_app(data={"class": "internal", "personal": personal}, title=f"App {index}")
        publishing.publish(app.id, mira.actor, reach)
    parked = make_app(title="Parked app")
    publishing.publish(parked.id, mira.actor, reaches[-1])
    parking.park(parked.id, mira.actor)
    draft = make_app(title="Draft with a deputy")
    handing_over.name_deputy(draft.id, mira.actor, jonas.id)
    make_app(title="Draft alone")


def test_the_lists_show_exactly_what_the_policies_allow(
    apps: None, mira: Somebody, jonas: Somebody, colleague: Somebody, person: MakePerson
) -> None:
    people = [mira, jonas, colleague, person(spaces=("Legal",)), *(person(roles=(role,)) for role in Role)]
    summaries = queries.visible_apps(person(roles=("auditor",)).actor, EVERYTHING).apps
    assert len(summaries) == MicroApp.objects.count() == 11
    for somebody in people:
        actor = somebody.actor
        seen = {app.title for app in queries.visible_apps(actor, EVERYTHING).apps}
        runs = {app.title for app in queries.runnable_apps(actor)}
        may_see = {
            app.title for app in summaries if decide(actor, Action.SEE_APP, queries.resource(app)).allowed
        }
        may_run = {
            app.title
            for app in summaries
            if app.is_runnable and decide(actor, Action.RUN_APP, queries.resource(app)).allowed
        }
        assert (seen, runs) == (may_see, may_run), actor.roles


def test_search_finds_words_in_title_purpose_and_owner(apps: None, mira: Somebody) -> None:
    found = queries.visible_apps(mira.actor, AppFilter(search="okafor deputy"))

    assert [app.title for app in found.apps] == ["Draft with a deputy"]


def test_lists_come_in_parts_with_the_total(apps: None, mira: Somebody) -> None:
    found = queries.visible_apps(mira.actor, AppFilter(start=2, count=3))

    assert (len(found.apps), found.total) == (3, 10)


def test_the_latest_edit_comes_first_when_asked(apps: None, mira: Somebody) -> None:
    found = queries.visible_apps(mira.actor, AppFilter(latest_first=True))

    assert found.apps[0].title == "Draft alone"


def test_an_app_that_is_not_shared_is_as_if_it_were_not_there(make_app: MakeApp, jonas: Somebody) -> None:
    app = make_app()

    with pytest.raises(NotFound):
        queries.app_for(jonas.actor, app.slug)
    with pytest.raises(NotFound):
        queries.app_for(jonas.actor, "never-made")


def test_the_owner_tries_the_working_copy_and_others_do_not(
    make_app: MakeApp, mira: Somebody, colleague: Somebody
) -> None:
    app = make_app()
    publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))

    assert queries.runnable(app.id, mira.actor, draft=True).is_draft
    with pytest.raises(NotAllowed):
        queries.runnable(app.id, colleague.actor, draft=True)


def test_a_missing_version_is_named(make_app: MakeApp) -> None:
    with pytest.raises(NotFound, match="no version 7"):
        queries.version_spec(make_app().id, 7)


def test_deputies_are_other_makers(make_app: MakeApp, mira: Somebody, colleague: Somebody) -> None:
    app = make_app()

    for nobody in (mira, colleague):
        with pytest.raises(Exception, match="another person who may make apps"):
            handing_over.name_deputy(app.id, mira.actor, nobody.id)


def test_handing_over_swaps_owner_and_deputy(make_app: MakeApp, mira: Somebody, jonas: Somebody) -> None:
    app = make_app()
    handing_over.name_deputy(app.id, mira.actor, jonas.id)

    handing_over.hand_over(app.id, mira.actor)

    after = queries.app_for(jonas.actor, app.id)
    assert after.deputy is not None
    assert (after.owner.name, after.deputy.name) == ("Jonas Weber", "Mira Okafor")


def test_handing_over_needs_a_deputy(make_app: MakeApp, mira: Somebody) -> None:
    with pytest.raises(Exception, match="no deputy"):
        handing_over.hand_over(make_app().id, mira.actor)
