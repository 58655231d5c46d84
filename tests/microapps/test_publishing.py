"""Publishing, reviewing, parking: who decides, and what runs meanwhile."""

from typing import Any

import pytest

from allotment.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from allotment.microapps import parking, publishing, queries, reviewing, saving
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience, Outcome, State, Tier
from allotment.microapps.values import AppDetail
from tests.conftest import MakePerson, Somebody
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply

PERSONAL = {"class": "internal", "personal": True, "subjects": ["customers"]}


def space_of(who: Somebody) -> WantedReach:
    (space,) = who.actor.spaces
    return WantedReach(Audience.SPACE, space)


def ask_for_review(
    make_app: MakeApp, mira: Somebody, **changes: Any
) -> tuple[AppDetail, queries.ReviewDetail]:
    app = make_app(**{"data": PERSONAL, **changes})
    done = publishing.publish(app.id, mira.actor, space_of(mira))
    assert done.review is not None
    return queries.app_for(mira.actor, app.id), queries.review(done.review)


def test_low_risk_runs_at_once(make_app: MakeApp, mira: Somebody, colleague: Somebody) -> None:
    app = make_app()

    done = publishing.publish(app.id, mira.actor, space_of(mira))

    assert (done.is_running, done.tier) == (True, Tier.LOW)
    assert queries.runnable(app.id, colleague.actor).version == 1


def test_personal_data_for_a_space_waits_for_a_reviewer(
    make_app: MakeApp, mira: Somebody, colleague: Somebody
) -> None:
    app, review = ask_for_review(make_app, mira)

    assert (app.state, review.tier) == (State.IN_REVIEW, Tier.MEDIUM)
    with pytest.raises(NotAllowed, match="is not running"):
        queries.runnable(app.id, colleague.actor)


def test_a_reviewer_approves_and_it_runs(
    make_app: MakeApp, mira: Somebody, rosa: Somebody, colleague: Somebody
) -> None:
    app, review = ask_for_review(make_app, mira)

    reviewing.approve(review.id, rosa.actor, review.digest)

    assert queries.runnable(app.id, colleague.actor).version == 1
    assert queries.review(review.id).outcome is Outcome.APPROVED
    assert queries.app_for(mira.actor, app.id).tier is Tier.MEDIUM


def test_sending_back_tells_the_owner_why(make_app: MakeApp, mira: Somebody, rosa: Somebody) -> None:
    app, review = ask_for_review(make_app, mira)

    reviewing.send_back(review.id, rosa.actor, "What happens to bank details?")

    after = queries.app_for(mira.actor, app.id)
    assert (after.state, after.sent_back) == (State.DRAFT, "What happens to bank details?")
    assert queries.reasons_sent_back([app.id]) == {app.id: "What happens to bank details?"}


def test_sending_back_needs_a_reason(make_app: MakeApp, mira: Somebody, rosa: Somebody) -> None:
    _, review = ask_for_review(make_app, mira)

    with pytest.raises(Invalid, match="what should change"):
        reviewing.send_back(review.id, rosa.actor, "  ")


def test_the_owner_does_not_approve_even_as_a_reviewer(make_app: MakeApp, person: MakePerson) -> None:
    both = person(roles=("maker", "reviewer"), spaces=("Service desk",))
    app = make_app(both, data=PERSONAL)
    done = publishing.publish(app.id, both.actor, space_of(both))
    assert done.review is not None

    with pytest.raises(NotAllowed):
        reviewing.approve(done.review, both.actor, queries.review(done.review).digest)


def test_the_author_of_a_version_does_not_approve_it(
    make_app: MakeApp, mira: Somebody, person: MakePerson
) -> None:
    former = person(roles=("maker", "reviewer"), spaces=("Service desk",))
    app = make_app(former, data=PERSONAL)
    queries.MicroApp.objects.filter(id=app.id).update(owner_id=mira.id)
    done = publishing.publish(app.id, mira.actor, space_of(mira))
    assert done.review is not None

    with pytest.raises(NotAllowed, match="somebody else decides"):
        reviewing.approve(done.review, former.actor, queries.review(done.review).digest)


def test_a_maker_without_the_role_does_not_approve(
    make_app: MakeApp, mira: Somebody, jonas: Somebody
) -> None:
    _, review = ask_for_review(make_app, mira)

    with pytest.raises(NotAllowed):
        reviewing.approve(review.id, jonas.actor, review.digest)


def test_approval_binds_to_what_was_seen(make_app: MakeApp, mira: Somebody, rosa: Somebody) -> None:
    _, review = ask_for_review(make_app, mira)

    with pytest.raises(Conflict, match="not what you looked at"):
        reviewing.approve(review.id, rosa.actor, "sha256:another")


def test_a_decision_is_made_once(make_app: MakeApp, mira: Somebody, rosa: Somebody) -> None:
    _, review = ask_for_review(make_app, mira)
    reviewing.approve(review.id, rosa.actor, review.digest)

    with pytest.raises(Conflict, match="decided already"):
        reviewing.send_back(review.id, rosa.actor, "Too late")


def test_the_approved_version_keeps_running_while_a_change_waits(
    make_app: MakeApp, mira: Somebody, rosa: Somebody, colleague: Somebody
) -> None:
    app, review = ask_for_review(make_app, mira)
    reviewing.approve(review.id, rosa.actor, review.digest)
    steps = customer_reply()["steps"][1:]
    changed = customer_reply(data=PERSONAL, steps=steps, result=[{"show": "text", "from": "steps.reply"}])
    saving.save_working(app.id, mira.actor, changed, app.working_revision)
    saving.save_version(app.id, mira.actor)

    done = publishing.publish(app.id, mira.actor, space_of(mira))

    assert not done.is_running
    assert queries.runnable(app.id, colleague.actor).version == 1


def test_a_corrected_label_needs_no_second_review(
    make_app: MakeApp, mira: Somebody, rosa: Somebody, colleague: Somebody
) -> None:
    app, review = ask_for_review(make_app, mira)
    reviewing.approve(review.id, rosa.actor, review.digest)
    better = customer_reply(data=PERSONAL, title="Reply kindly")
    saving.save_working(app.id, mira.actor, better, app.working_revision)
    saving.save_version(app.id, mira.actor)

    assert publishing.publish(app.id, mira.actor, space_of(mira)).is_running
    assert queries.runnable(app.id, colleague.actor).version == 2


def test_a_wider_audience_needs_a_second_review(make_app: MakeApp, mira: Somebody, rosa: Somebody) -> None:
    app, review = ask_for_review(make_app, mira)
    reviewing.approve(review.id, rosa.actor, review.digest)

    assert not publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION)).is_running


def test_nothing_is_published_before_a_version_is_saved(make_app: MakeApp, mira: Somebody) -> None:
    with pytest.raises(Invalid, match="no saved version"):
        publishing.publish(make_app(saved=False).id, mira.actor, WantedReach(Audience.ORGANISATION))


def test_a_check_that_stops_keeps_it_private(make_app: MakeApp, mira: Somebody) -> None:
    sample = {"customer_query": "My key is sk-proj-abcdEFGHijklMNOPqrstUVWX1234567890abcdEFGHijkl"}
    app = make_app(sample=sample)

    with pytest.raises(Invalid, match="password or a key"):
        publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))


def test_a_space_of_others_is_refused(make_app: MakeApp, mira: Somebody, person: MakePerson) -> None:
    stranger = person(roles=("maker",), spaces=("Legal",))

    with pytest.raises(Invalid, match="belong to"):
        publishing.publish(make_app().id, mira.actor, space_of(stranger))


def test_naming_nobody_is_refused(make_app: MakeApp, mira: Somebody) -> None:
    with pytest.raises(Invalid, match="Nobody"):
        publishing.publish(make_app().id, mira.actor, WantedReach(Audience.PEOPLE))


def test_people_named_one_by_one_may_run_it_and_nobody_else(
    make_app: MakeApp, mira: Somebody, colleague: Somebody, jonas: Somebody
) -> None:
    app = make_app()
    publishing.publish(app.id, mira.actor, WantedReach(Audience.PEOPLE, people=(colleague.id,)))

    assert queries.runnable(app.id, colleague.actor).title == "Reply to a customer"
    with pytest.raises(NotAllowed):
        queries.runnable(app.id, jonas.actor)
    with pytest.raises(NotFound):
        queries.app_for(jonas.actor, app.id)


def test_asking_again_replaces_the_request(make_app: MakeApp, mira: Somebody) -> None:
    app, first = ask_for_review(make_app, mira)

    again = publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))

    assert queries.review(first.id).outcome is Outcome.WITHDRAWN
    assert [review.id for review in queries.pending_reviews()] == [again.review]


def test_a_request_can_be_taken_back(make_app: MakeApp, mira: Somebody) -> None:
    app, _ = ask_for_review(make_app, mira)

    reviewing.withdraw(app.id, mira.actor)

    assert queries.app_for(mira.actor, app.id).state is State.DRAFT
    assert queries.pending_reviews() == ()


def test_only_the_owner_and_the_deputy_publish(make_app: MakeApp, jonas: Somebody) -> None:
    with pytest.raises(NotAllowed):
        publishing.publish(make_app().id, jonas.actor, WantedReach(Audience.ORGANISATION))


def test_a_parked_app_rests_and_comes_back(make_app: MakeApp, mira: Somebody, colleague: Somebody) -> None:
    app = make_app()
    publishing.publish(app.id, mira.actor, space_of(mira))

    parking.park(app.id, mira.actor)
    with pytest.raises(NotAllowed):
        queries.runnable(app.id, colleague.actor)
    with pytest.raises(Conflict, match="parked"):
        publishing.publish(app.id, mira.actor, space_of(mira))

    parking.restore(app.id, mira.actor)
    assert queries.runnable(app.id, colleague.actor).version == 1


def test_parking_withdraws_a_waiting_review(make_app: MakeApp, mira: Somebody) -> None:
    app, review = ask_for_review(make_app, mira)

    parking.park(app.id, mira.actor)
    parking.restore(app.id, mira.actor)

    assert queries.review(review.id).outcome is Outcome.WITHDRAWN
    assert queries.app_for(mira.actor, app.id).state is State.DRAFT


def test_an_officer_parks_any_app_and_a_stranger_none(
    make_app: MakeApp, person: MakePerson, jonas: Somebody
) -> None:
    app = make_app()
    with pytest.raises(NotAllowed):
        parking.park(app.id, jonas.actor)

    parking.park(app.id, person(roles=("officer",)).actor)

    with pytest.raises(Conflict, match="already"):
        parking.park(app.id, person(roles=("officer",)).actor)
