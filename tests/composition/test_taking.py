"""What is in a snapshot, and what is not: each fact exactly as the pages tell it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from allotment.composition.snapshot.facts import AskFacts
from allotment.composition.snapshot.taking import renew, take
from allotment.engine.principals import Role
from allotment.kernel import clock
from allotment.llms.models import LanguageModel
from allotment.llms.offering import make_default, turn_off, turn_on
from allotment.llms.queries import model_named, offered_models
from allotment.llms.standing_in import choose_stand_ins
from allotment.microapps.models import AppVersion, MicroApp
from allotment.microapps.parking import park, restore
from allotment.microapps.queries import app_for, resource
from allotment.people.api_keys.issuing import WantedKey, issue
from allotment.people.api_keys.models import ApiKey
from allotment.people.api_keys.revoking import revoke
from allotment.people.granting import set_roles
from allotment.people.leaving import deactivate
from allotment.people.queries import actor_of
from allotment.prompts.models import TemplateVersion
from allotment.prompts.queries import approved_template
from allotment.prompts.recalling import recall
from tests.composition.conftest import scripted_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reaching")]


def test_everybody_is_as_the_pages_see_them(organisation):
    taken = take().actors
    for somebody in (organisation.maker, organisation.reviewer, organisation.officer):
        assert taken[somebody.id] == actor_of(somebody.id)


def test_who_may_not_sign_in_is_not_there(organisation, person):
    deactivate(None, organisation.officer.id)
    assert organisation.officer.id not in take().actors


def test_a_role_of_a_later_version_grants_nothing(organisation):
    organisation.maker.row.role_grants.create(role="emperor")
    assert take().actors[organisation.maker.id].roles == {Role.MAKER}


def test_an_app_is_as_its_pages_tell_it_to_the_policies(organisation):
    taken = take().apps[organisation.app]
    seen = app_for(organisation.maker.actor, organisation.app)
    assert taken.resource == resource(seen)
    assert (taken.title, taken.version) == (seen.title, 1)
    assert (taken.space, taken.data_class) == (seen.space.id, seen.data_class.value)
    assert taken.approver == organisation.reviewer.id
    assert taken.templates == {
        "sort-into-topics@1": (AskFacts("", 24),),
        "customer-reply@1": (AskFacts("", 400),),
    }


def test_every_step_that_asks_tells_its_model_and_how_long_its_answer_gets(organisation):
    spec = AppVersion.objects.get(app=organisation.app).spec
    first, *others = spec["steps"]
    twice = {**first, "step": "again", "model": "Small One", "answer": {"max_words": 30}}
    AppVersion.objects.filter(app=organisation.app).update(spec={**spec, "steps": [first, *others, twice]})
    taken = take().apps[organisation.app].templates
    assert taken["sort-into-topics@1"] == (AskFacts("", 24), AskFacts("Small One", 60))


@pytest.mark.parametrize("names", ["id", "name", "title"])
def test_a_step_finds_its_model_by_every_name_that_a_run_knows(organisation, names):
    scripted_model("first"), scripted_model("second")
    for model in offered_models():
        step = AskFacts(str(getattr(model, names)), 1)
        found = take().model_of(step)
        assert (found.asked.id, model_named(step.model).id) == (str(model.id), model.id)


def test_a_step_without_a_model_asks_the_default_one(organisation):
    scripted_model("first")
    make_default(scripted_model("second"), organisation.officer.actor)
    taken = take()
    assert taken.model_of(AskFacts("", 1)) is taken.default_model is taken.models["second"]
    assert taken.model_of(AskFacts("gone", 1)) is None


def test_an_app_that_rests_is_not_there(organisation):
    park(organisation.app, organisation.maker.actor)
    assert take().apps == {}


def test_an_app_whose_stored_spec_cannot_be_read_is_not_there(organisation):
    AppVersion.objects.filter(app=organisation.app).update(spec={"steps": "none"})
    assert take().apps == {}


def test_approved_templates_are_there_and_the_newest_is_marked(organisation):
    taken = take().templates
    assert taken["customer-reply", 1].template == approved_template("customer-reply@1")
    old = TemplateVersion.objects.get(family__name="customer-reply", number=1)
    newer = TemplateVersion.objects.create(
        family=old.family, number=2, system=old.system, user=old.user, slots=old.slots, state="draft"
    )
    assert take().templates["customer-reply", 1].is_newest
    newer.state, newer.decided_at, newer.approver_id = "approved", clock.now(), organisation.steward.id
    newer.save()
    taken = take().templates
    assert not taken["customer-reply", 1].is_newest
    assert taken["customer-reply", 2].is_newest
    assert taken["customer-reply", 2].approver == organisation.steward.id


def test_a_template_that_was_changed_in_the_database_is_not_there(organisation):
    TemplateVersion.objects.filter(family__name="customer-reply").update(user="Say yes.")
    assert ("customer-reply", 1) not in take().templates


def test_models_that_are_on_are_there_with_who_stands_in(organisation):
    first, second = scripted_model("first"), scripted_model("second")
    choose_stand_ins(first, [second], organisation.officer.actor)
    make_default(second, organisation.officer.actor)
    taken = take()
    assert taken.models["first"] is taken.models_by_id[str(first)]
    assert [one.id for one in taken.models["first"].fallbacks] == [str(second)]
    assert taken.models["first"].asked.resource.attributes["highest_data_class"] == "confidential"
    assert [name for name, model in taken.models.items() if model.is_default] == ["second"]


def test_models_that_are_off_or_cannot_be_opened_are_not_there(organisation):
    scripted_model("off", is_on=False)
    broken = scripted_model("broken")
    connection = LanguageModel.objects.get(id=broken).connection
    connection.kind = "of-a-plugin-that-is-gone"
    connection.save()
    assert {"off", "broken"}.isdisjoint(take().models)


def test_keys_are_there_until_they_are_revoked_or_over(organisation):
    kept = issue(organisation.maker.actor, WantedKey("kept"))
    revoked = issue(organisation.maker.actor, WantedKey("revoked"))
    over = issue(organisation.maker.actor, WantedKey("over"))
    revoke(organisation.maker.actor, revoked.id)
    ApiKey.objects.filter(id=over.id).update(expires_at=clock.now() - timedelta(seconds=1))
    (key,) = take().keys.values()
    assert (key.id, key.person, key.app, key.data_class) == (kept.id, organisation.maker.id, None, "internal")
    assert key.resource.kind == "Key"


def test_a_change_renews_what_it_touches_and_nothing_else(organisation):
    other = organisation.publish_app()
    before = take()
    park(other, organisation.maker.actor)
    set_roles(None, organisation.maker.id, frozenset({Role.COLLEAGUE}))
    after = renew(before, {("app", str(other))})
    assert other not in after.apps
    assert after.apps[organisation.app] is before.apps[organisation.app]
    assert after.actors is before.actors
    assert renew(after, {("person", str(organisation.maker.id))}).actors[organisation.maker.id].roles == {
        Role.COLLEAGUE
    }


@pytest.mark.parametrize("kind", ["run", "budget", "review"])
def test_what_touches_nothing_reads_nothing(organisation, kind, django_assert_num_queries):
    before = take()
    with django_assert_num_queries(0):
        after = renew(before, {(kind, "any")})
    assert vars(after) == {**vars(before), "taken_at": after.taken_at}


def test_a_change_of_a_kind_nobody_foresaw_renews_everything(organisation):
    before = take()
    park(organisation.app, organisation.maker.actor)
    deactivate(None, organisation.reviewer.id)
    after = renew(before, {("weather", "rain")})
    assert after.apps == {}
    assert organisation.reviewer.id not in after.actors


def test_a_parked_app_comes_back(organisation):
    taken = take()
    park(organisation.app, organisation.maker.actor)
    taken = renew(taken, {("app", str(organisation.app))})
    restore(organisation.app, organisation.maker.actor)
    assert organisation.app in renew(taken, {("app", str(organisation.app))}).apps


def test_templates_models_and_keys_are_renewed_by_their_changes(organisation):
    model = scripted_model("first", is_on=False)
    before = take()
    version = TemplateVersion.objects.get(family__name="customer-reply", number=1)
    recall(version.id, organisation.steward.id, "It promises too much.")
    turn_on(model, organisation.officer.actor)
    key = issue(organisation.maker.actor, WantedKey("new"))
    assert ("customer-reply", 1) not in renew(before, {("template", str(version.id))}).templates
    assert "first" in renew(before, {("model", str(model))}).models
    assert [one.id for one in renew(before, {("key", str(key.id))}).keys.values()] == [key.id]
    turn_off(model, organisation.officer.actor)
    assert "first" not in renew(before, {("connection", str(uuid4()))}).models


def test_nothing_is_left_out_of_the_apps_of_a_whole_organisation(organisation):
    assert set(take().apps) == set(MicroApp.objects.values_list("id", flat=True))
