"""The pages: what each shows, what each refuses, and that nothing typed is lost."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from allotment.microapps import publishing, queries
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience, State
from tests.conftest import SignIn, Somebody
from tests.microapps.conftest import MakeApp

MAIN_JOB = "I need a tool that writes polite replies to customers' questions and sorts them by topic"

Get = Callable[..., str]


@pytest.fixture
def shown(client: Client, signed_in: SignIn) -> Get:
    """Return `shown(somebody, name, *args, **query)`: the HTML of a page that answers 200."""

    def get(who: Somebody, name: str, *args: object, **query: str) -> str:
        signed_in(client, who)
        response = client.get(reverse(f"microapps:{name}", args=args), query)
        assert response.status_code == 200, response.content.decode()[:2000]
        return response.content.decode()

    return get


@pytest.fixture
def post(client: Client, signed_in: SignIn) -> Callable[..., object]:
    """Return `post(somebody, name, *args, **data)`: the response, redirects not followed."""

    def send(who: Somebody, name: str, *args: object, **data: object) -> object:
        signed_in(client, who)
        return client.post(reverse(f"microapps:{name}", args=args), data)

    return send


def test_home_asks_a_maker_and_lists_their_apps(shown: Get, make_app: MakeApp, mira: Somebody) -> None:
    make_app(title="Card questions")

    html = shown(mira, "home")

    assert "What would you like to stop doing by hand?" in html
    assert "Card questions" in html


def test_home_teaches_a_maker_without_apps(shown: Get, library: int, mira: Somebody) -> None:
    assert "No apps of yours yet" in shown(mira, "home")


def test_home_shows_a_colleague_what_is_shared_and_no_box(
    shown: Get, make_app: MakeApp, mira: Somebody, colleague: Somebody
) -> None:
    assert "Nothing is shared with you yet" in shown(colleague, "home")
    publishing.publish(make_app().id, mira.actor, WantedReach(Audience.ORGANISATION))

    html = shown(colleague, "home")

    assert "Reply to a customer" in html
    assert "<textarea" not in html


def test_home_tells_a_reviewer_what_waits(
    shown: Get, make_app: MakeApp, mira: Somebody, rosa: Somebody
) -> None:
    app = make_app(data={"personal": True})
    publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))

    assert "1 review waits for you" in shown(rosa, "home")
    assert "Reply to a customer" in shown(rosa, "reviews")


def test_describing_leads_to_the_builder(post: Callable, mira: Somebody) -> None:
    response = post(mira, "describe", need=MAIN_JOB)

    (app,) = queries.visible_apps(mira.actor, queries.AppFilter()).apps
    assert (response.status_code, response.url) == (302, reverse("microapps:build", args=[app.slug]))
    assert queries.app_for(mira.actor, app.id).starter == "reply-to-a-customer"


def test_a_sentence_that_cannot_be_used_stays_in_the_box(post: Callable, mira: Somebody) -> None:
    response = post(mira, "describe", need="  " + "sort " * 300)

    assert response.status_code == 422
    assert "sort sort" in response.content.decode()


def test_a_colleague_cannot_describe(post: Callable, colleague: Somebody) -> None:
    assert post(colleague, "describe", need=MAIN_JOB).status_code == 403


def test_the_list_is_searched_and_an_empty_search_helps(
    shown: Get, make_app: MakeApp, mira: Somebody
) -> None:
    make_app(title="Card questions")

    assert "Card questions" in shown(mira, "apps", q="card")
    assert "Nothing matches" in shown(mira, "apps", q="nowhere")


def test_a_starter_shows_what_it_does_and_becomes_an_app(shown: Get, post: Callable, mira: Somebody) -> None:
    assert "Use this one" in shown(mira, "starter", "reply-to-a-customer")

    assert post(mira, "starter", "reply-to-a-customer").status_code == 302
    assert queries.app_for(mira.actor, "reply-to-a-customer").starter == "reply-to-a-customer"


def test_the_gallery_is_searched(shown: Get, colleague: Somebody) -> None:
    assert "Reply to a customer" in shown(colleague, "starters", q="customer")
    assert "No starter matches" in shown(colleague, "starters", q="rocket")


def test_an_unknown_starter_is_not_found(client: Client, signed_in: SignIn, mira: Somebody) -> None:
    signed_in(client, mira)
    assert client.get(reverse("microapps:starter", args=["rocket"])).status_code == 404


def test_about_tells_an_app_in_sentences(shown: Get, make_app: MakeApp, mira: Somebody) -> None:
    html = shown(mira, "about", make_app().slug)

    for words in ("What it does, step by step", "Customer reply", "No deputy yet", "Only approved templates"):
        assert words in html


def test_about_a_broken_draft_still_shows(shown: Get, make_app: MakeApp, mira: Somebody) -> None:
    assert "cannot be told yet" in shown(mira, "about", make_app(saved=False, steps="none").slug)


@pytest.mark.parametrize("name", ["about", "versions", "settings", "publish", "yaml"])
def test_pages_of_an_app_of_somebody_else_are_not_there(
    client: Client, signed_in: SignIn, make_app: MakeApp, jonas: Somebody, name: str
) -> None:
    app = make_app()
    signed_in(client, jonas)

    assert client.get(reverse(f"microapps:{name}", args=[app.slug])).status_code == 404


def test_versions_are_compared_and_taken_back(
    shown: Get, post: Callable, make_app: MakeApp, mira: Somebody
) -> None:
    app = make_app()
    post(mira, "settings", app.slug, title="Better", data_class="internal", retention="30 days")
    post(mira, "publish", app.slug, audience="me")

    assert "Better" in shown(mira, "version_diff", app.slug, 2)
    assert "Version 1" in shown(mira, "versions", app.slug)
    assert post(mira, "roll_back", app.slug, 1).status_code == 302
    assert queries.app_for(mira.actor, app.id).title == "Reply to a customer"


def test_settings_are_saved(post: Callable, make_app: MakeApp, mira: Somebody, jonas: Somebody) -> None:
    app = make_app()
    (space,) = mira.actor.spaces

    post(
        mira,
        "settings",
        app.slug,
        title="Card questions",
        purpose="Answers.",
        data_class="confidential",
        personal="on",
        subjects="customers, callers",
        retention="7 days",
        deputy=str(jonas.id),
        space=str(space),
    )

    after = queries.app_for(mira.actor, app.id)
    assert after.deputy is not None
    assert after.space is not None
    assert (after.title, after.deputy.name, after.space.name) == (
        "Card questions",
        "Jonas Weber",
        "Service desk",
    )
    assert (after.data.subjects, after.data.retention) == (("customers", "callers"), "7 days")


def test_settings_without_a_title_come_back_with_what_was_typed(
    post: Callable, make_app: MakeApp, mira: Somebody
) -> None:
    response = post(mira, "settings", make_app().slug, title="", purpose="Kept words", data_class="internal")

    assert response.status_code == 422
    assert "Kept words" in response.content.decode()


def test_publishing_saves_what_is_new_and_says_what_happens(
    shown: Get, post: Callable, make_app: MakeApp, mira: Somebody
) -> None:
    app = make_app(saved=False)
    assert "Save a version and share it" in shown(mira, "publish", app.slug)

    assert post(mira, "publish", app.slug, audience="organisation").status_code == 302
    assert queries.app_for(mira.actor, app.id).published_number == 1


def test_publishing_for_nobody_comes_back(post: Callable, make_app: MakeApp, mira: Somebody) -> None:
    response = post(mira, "publish", make_app().slug, audience="people")

    assert response.status_code == 422
    assert "Nobody is chosen yet" in response.content.decode()


def test_a_review_is_decided_on_its_page(
    shown: Get, post: Callable, make_app: MakeApp, mira: Somebody, rosa: Somebody
) -> None:
    app = make_app(data={"personal": True})
    done = publishing.publish(app.id, mira.actor, WantedReach(Audience.ORGANISATION))
    assert done.review is not None
    html = shown(rosa, "review", done.review)
    assert "Approve this version" in html
    assert "Medium because" in html

    assert post(rosa, "review", done.review, decision="send-back", reason="").status_code == 422
    digest = queries.review(done.review).digest
    assert post(rosa, "review", done.review, decision="approve", digest=digest).status_code == 302
    assert queries.app_for(mira.actor, app.id).state is State.PUBLISHED


def test_the_owner_sees_no_decision(shown: Get, make_app: MakeApp, person: Callable) -> None:
    both = person(roles=("maker", "reviewer"))
    app = make_app(both, data={"personal": True})
    done = publishing.publish(app.id, both.actor, WantedReach(Audience.ORGANISATION))

    assert "somebody else decides" in shown(both, "review", done.review)


def test_a_fix_is_one_click_and_comes_back(post: Callable, make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()
    back = reverse("microapps:about", args=[app.slug])

    response = post(mira, "fix", app.slug, code="declare-personal", back=back)

    assert response.url == back
    assert queries.app_for(mira.actor, app.id).data.personal


def test_a_fix_never_leads_elsewhere(post: Callable, make_app: MakeApp, mira: Somebody) -> None:
    response = post(mira, "fix", make_app().slug, code="declare-personal", back="//elsewhere.example/")

    assert "elsewhere" not in response.url


def test_parking_and_restoring(shown: Get, post: Callable, make_app: MakeApp, mira: Somebody) -> None:
    app = make_app()

    post(mira, "park", app.slug)
    assert "This app is parked" in shown(mira, "about", app.slug)
    post(mira, "restore", app.slug)
    assert "This app is parked" not in shown(mira, "about", app.slug)


def test_yaml_is_downloaded(shown: Get, make_app: MakeApp, mira: Somebody) -> None:
    assert shown(mira, "yaml", make_app().slug).startswith("allotment: 1")
