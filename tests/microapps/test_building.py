"""The builder's pages, by plain forms as a browser without JavaScript sends them."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allotment.engine.spec.reading import from_plain
from allotment.microapps import handing_over, publishing, queries, saving
from allotment.microapps.models import MicroApp
from allotment.microapps.releasing import WantedReach
from allotment.microapps.states import Audience
from allotment.microapps.values import AppDetail
from tests.conftest import SignIn, Somebody
from tests.microapps.browsing import form_to
from tests.microapps.conftest import MakeApp
from tests.microapps.specs import customer_reply

pytestmark = pytest.mark.django_db


def address(app: AppDetail, name: str = "build", *arguments: str) -> str:
    return reverse(f"microapps:{name}", args=[app.slug, *arguments])


def plain_of(app: AppDetail) -> dict[str, Any]:
    return MicroApp.objects.get(id=app.id).working_spec


def revision(app: AppDetail) -> int:
    return MicroApp.objects.get(id=app.id).working_revision


def typed_in(client: Client, url: str) -> dict[str, str]:
    """Return what the open editor's form holds."""
    return form_to(client.get(url).content.decode(), url).values


def edit(client: Client, url: str, do: str = "save", **changes: Any) -> Any:
    said = typed_in(client, url) | {key.replace("__", "-"): value for key, value in changes.items()}
    return client.post(url, {**said, "do": do})


def test_the_builder_tells_the_app_in_sentences(mira_in: Client, app: AppDetail) -> None:
    page = mira_in.get(address(app)).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())

    assert "Ask the person for What did the customer write? and Our line of business" in words
    assert "Sort What did the customer write? into one of card · transfer · other" in words
    assert "Draft 1 · saved just now · only you can run it" in words
    assert 'value="Where is my card?"' in page or "Where is my card?</textarea>" in page


@pytest.mark.parametrize("part", ["form", "sample", "result", "about"])
def test_opening_and_saving_a_part_unchanged_changes_nothing(
    mira_in: Client, app: AppDetail, part: str
) -> None:
    before = plain_of(app)

    response = edit(mira_in, address(app, "build_part", part))

    assert response.status_code == 302
    assert response["Location"] == address(app)
    assert queries.version_spec(app.id, 1) == from_plain(plain_of(app))
    assert {key: plain_of(app)[key] for key in before} == before or part == "about"


@pytest.mark.parametrize("step", ["topic", "reply"])
def test_opening_and_saving_a_step_unchanged_changes_nothing(
    mira_in: Client, app: AppDetail, step: str
) -> None:
    edit(mira_in, address(app, "build_step", step))

    assert queries.version_spec(app.id, 1) == from_plain(plain_of(app))


def test_a_label_changes_and_what_uses_the_field_goes_on_working(mira_in: Client, app: AppDetail) -> None:
    edit(mira_in, address(app, "build_part", "form"), field__0__label="What do they want?")

    plain = plain_of(app)
    assert plain["form"][0]["field"] == "customer_query"
    assert plain["form"][0]["label"] == "What do they want?"
    assert plain["steps"][0]["with"] == {"text": "form.customer_query"}


def test_a_field_is_added_and_named_after_its_label(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_part", "form")

    assert edit(mira_in, url, "add")["Location"] == url
    edit(mira_in, url, field__2__label="Order number", field__2__kind="number")

    assert plain_of(app)["form"][2] == {"field": "order_number", "label": "Order number", "kind": "number"}


def test_a_field_moves_and_goes_with_what_used_it(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_part", "form")

    edit(mira_in, url, "up:industry")
    assert [field["field"] for field in plain_of(app)["form"]] == ["industry", "customer_query"]

    assert "This is used by: the reply." in mira_in.get(url).content.decode()
    edit(mira_in, url, "remove:industry")

    plain = plain_of(app)
    assert [field["field"] for field in plain["form"]] == ["customer_query"]
    assert plain["steps"][1]["with"] == {"customer_query": "form.customer_query"}
    assert plain["sample"] == {"customer_query": "Where is my card?"}


def test_a_field_that_does_not_fit_keeps_what_was_typed(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_part", "form")

    response = edit(mira_in, url, field__0__label="", field__1__label="Our trade")

    assert response.status_code == 422
    assert "Say what people should fill in." in response.content.decode()
    assert 'value="Our trade"' in response.content.decode()
    assert revision(app) == 1
    assert plain_of(app)["form"][1]["label"] == "Our line of business"


def test_a_step_is_added_opened_moved_and_removed(mira_in: Client, app: AppDetail) -> None:
    added = mira_in.post(address(app, "build_add"), {"kind": "ask", "revision": revision(app)})
    name = plain_of(app)["steps"][-1]["step"]
    assert added["Location"] == address(app, "build_step", name)
    assert plain_of(app)["result"][-1]["from"] == f"steps.{name}"

    mira_in.post(address(app, "build_move", name), {"direction": "up", "revision": revision(app)})
    assert [step["step"] for step in plain_of(app)["steps"]] == ["topic", name, "reply"]

    page = mira_in.get(address(app, "build_step", name)).content.decode()
    assert f"The result no longer shows the {name.replace('_', ' ')}." in page
    mira_in.post(address(app, "build_remove", name), {"revision": revision(app)})
    assert [step["step"] for step in plain_of(app)["steps"]] == ["topic", "reply"]
    assert f"steps.{name}" not in str(plain_of(app))


def test_reading_a_document_brings_its_field(mira_in: Client, app: AppDetail) -> None:
    mira_in.post(address(app, "build_add"), {"kind": "read", "revision": revision(app)})

    assert plain_of(app)["form"][-1]["kind"] == "document"
    edit(mira_in, address(app, "build_step", "document_text"), words="letter")
    assert plain_of(app)["steps"][-1] == {"step": "letter", "do": "read", "from": "form.document"}


def test_a_decision_is_written_case_by_case(mira_in: Client, app: AppDetail) -> None:
    mira_in.post(address(app, "build_add"), {"kind": "choose", "revision": revision(app)})
    mira_in.post(address(app, "build_move", "decision"), {"direction": "up", "revision": revision(app)})
    url = address(app, "build_step", "decision")

    edit(mira_in, url, "add")
    edit(mira_in, url, case__0__when__0__to="other", case__0__stop="Ask Rosa.")
    assert plain_of(app)["steps"][1]["cases"] == [
        {"when": [{"value": "steps.topic", "is": "is", "to": "other"}], "stop": "Ask Rosa."}
    ]

    edit(mira_in, url, "and:0")
    edit(mira_in, url, case__0__outcome="go_to", case__0__go_to="reply")
    (case,) = plain_of(app)["steps"][1]["cases"]
    assert case["go_to"] == "reply"
    assert len(case["when"]) == 2

    edit(mira_in, url, "less:0:1")
    edit(
        mira_in,
        url,
        case__0__outcome="value",
        case__0__source="=",
        case__0__text="none",
        otherwise__source="steps.topic",
    )
    step = plain_of(app)["steps"][1]
    assert (step["cases"][0]["value"], step["otherwise"]) == ("=none", "steps.topic")

    edit(mira_in, url, "remove:0")
    assert plain_of(app)["steps"][1]["cases"] == []


def test_a_step_gets_a_name_and_every_sentence_follows(mira_in: Client, app: AppDetail) -> None:
    edit(mira_in, address(app, "build_step", "topic"), answer__words="subject matter")

    assert plain_of(app)["steps"][0]["step"] == "subject_matter"
    assert plain_of(app)["result"][1]["from"] == "steps.subject_matter"


def test_an_answer_becomes_named_details(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_step", "topic")

    edit(mira_in, url, "add", answer__kind="fields")
    edit(mira_in, url, detail__0__words="Order number", detail__0__kind="number")

    assert plain_of(app)["steps"][0]["answer"] == {"fields": {"order_number": "number"}}
    assert plain_of(app)["result"][1] == {"show": "fields", "from": "steps.topic"}


def test_another_template_keeps_the_editor_open_for_its_slots(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_step", "reply")

    response = edit(mira_in, url, "template:sort-into-topics@1")

    assert response["Location"] == url
    assert plain_of(app)["steps"][1]["template"] == "sort-into-topics@1"
    assert plain_of(app)["steps"][1]["with"]["text"] == "form.customer_query"


def test_a_slot_takes_fixed_text(mira_in: Client, app: AppDetail) -> None:
    edit(
        mira_in,
        address(app, "build_step", "reply"),
        slot__industry__source="=",
        slot__industry__text="retail",
    )

    assert plain_of(app)["steps"][1]["with"]["industry"] == "=retail"


def test_the_result_shows_something_more_in_another_order(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_part", "result")

    edit(mira_in, url, "add")
    edit(mira_in, url, "up:1", shown__0__title="Draft")

    shown = [(part["from"], part.get("title", "")) for part in plain_of(app)["result"]]
    assert shown == [("steps.topic", ""), ("steps.reply", "Draft"), ("form.customer_query", "")]


def test_title_purpose_and_data_change(mira_in: Client, app: AppDetail) -> None:
    edit(
        mira_in,
        address(app, "build_part", "about"),
        title="Card questions",
        personal="on",
        subjects="customers",
    )

    assert plain_of(app)["title"] == "Card questions"
    assert plain_of(app)["data"]["personal"] is True
    assert plain_of(app)["data"]["subjects"] == ["customers"]


def test_the_sample_changes(mira_in: Client, app: AppDetail) -> None:
    edit(mira_in, address(app, "build_part", "sample"), sample__customer_query="My card is late.")

    assert plain_of(app)["sample"]["customer_query"] == "My card is late."


def test_a_fix_is_one_click(mira_in: Client, make_app: MakeApp) -> None:
    app = make_app(
        data={"class": "internal"}, sample={"customer_query": "Write to a.lovelace@example.org please."}
    )
    page = mira_in.get(address(app)).content.decode()
    assert "Say that it holds personal data" in page

    mira_in.post(address(app, "build_fix"), {"code": "declare-personal"})

    assert plain_of(app)["data"]["personal"] is True


def test_a_version_is_saved_with_its_note(mira_in: Client, app: AppDetail) -> None:
    edit(mira_in, address(app, "build_part", "about"), title="Card questions")

    mira_in.post(address(app, "build_version"), {"note": "Shorter title"}, follow=True)

    assert [(one.number, one.note) for one in queries.versions(app.id)] == [
        (2, "Shorter title"),
        (1, "First"),
    ]


def test_steps_are_put_in_the_order_they_were_dragged_to(mira_in: Client, app: AppDetail) -> None:
    response = mira_in.post(address(app, "build_order"), {"order": ["_form", "reply", "topic", "_result"]})

    assert response.status_code == 204
    assert [step["step"] for step in plain_of(app)["steps"]] == ["reply", "topic"]


def test_an_order_that_forgets_a_step_is_refused(mira_in: Client, app: AppDetail) -> None:
    assert mira_in.post(address(app, "build_order"), {"order": ["reply"]}).status_code == 409


def test_what_was_typed_is_kept_when_somebody_else_saved(
    mira_in: Client, app: AppDetail, mira: Somebody
) -> None:
    url = address(app, "build_part", "about")
    said = typed_in(mira_in, url)
    saving.save_working(app.id, mira.actor, {**plain_of(app), "purpose": "Theirs."}, 1)

    response = mira_in.post(url, {**said, "title": "Mine", "do": "save"})

    assert response.status_code == 409
    page = response.content.decode()
    assert "Somebody else changed" in page
    assert 'value="Mine"' in page
    assert plain_of(app)["title"] == "Reply to a customer"
    assert mira_in.post(url, {**form_to(page, url).values, "do": "save"}).status_code == 302
    assert plain_of(app)["title"] == "Mine"


def test_an_automatic_save_answers_with_what_changed_around_the_form(mira_in: Client, app: AppDetail) -> None:
    url = address(app, "build_part", "form")
    said = typed_in(mira_in, url) | {"field-0-label": "What do they want?", "now": "1", "do": "keep"}

    page = mira_in.post(url, said, headers={"HX-Request": "true"}).content.decode()

    assert 'id="what"' not in page
    assert 'id="live-revision" name="now" value="2"' in page
    assert "What do they want?" in page


def test_an_automatic_save_that_does_not_fit_says_so_and_saves_nothing(
    mira_in: Client, app: AppDetail
) -> None:
    url = address(app, "build_part", "form")
    said = typed_in(mira_in, url) | {"field-0-label": "", "now": "1", "do": "keep"}

    page = mira_in.post(url, said, headers={"HX-Request": "true"}).content.decode()

    assert "Not saved yet. What people read beside it: Say what people should fill in." in page
    assert revision(app) == 1


def test_a_broken_draft_says_what_is_wrong_and_is_mended_part_by_part(
    mira_in: Client, make_app: MakeApp
) -> None:
    app = make_app(steps=[{"step": "topic", "do": "conjure"}, *customer_reply()["steps"][1:]], saved=False)

    page = mira_in.get(address(app)).content.decode()
    assert "Something in this draft cannot be read" in page
    assert "“topic” cannot be read" in page
    assert mira_in.get(address(app, "build_step", "topic")).status_code == 200
    edit(mira_in, address(app, "build_step", "reply"), answer__words="answer")
    assert plain_of(app)["steps"][1]["step"] == "answer"

    mira_in.post(address(app, "build_leave_out"), {"revision": revision(app)})
    assert [step["step"] for step in plain_of(app)["steps"]] == ["answer"]
    assert "cannot be read" not in mira_in.get(address(app)).content.decode()


def test_a_deputy_edits_a_published_app_while_others_go_on_running_it(
    client: Client, signed_in: SignIn, app: AppDetail, mira: Somebody, jonas: Somebody
) -> None:
    handing_over.name_deputy(app.id, mira.actor, jonas.id)
    publishing.publish(app.id, mira.actor, WantedReach(Audience.ME))
    signed_in(client, jonas)

    edit(client, address(app, "build_part", "about"), title="Card questions")

    assert "others go on running version 1" in client.get(address(app)).content.decode()
    assert queries.version_spec(app.id, 1).title == "Reply to a customer"


@pytest.mark.parametrize("name", ["build", "build_part", "build_step"])
def test_an_app_of_somebody_else_is_not_there(
    client: Client, signed_in: SignIn, app: AppDetail, jonas: Somebody, name: str
) -> None:
    signed_in(client, jonas)
    arguments = {"build": [], "build_part": ["form"], "build_step": ["topic"]}[name]

    assert client.get(address(app, name, *arguments)).status_code == 404


def test_somebody_who_only_runs_apps_has_no_builder(
    client: Client, signed_in: SignIn, app: AppDetail, colleague: Somebody
) -> None:
    signed_in(client, colleague)

    assert client.get(address(app)).status_code == 403
    assert client.post(address(app, "build_add"), {"kind": "ask", "revision": "1"}).status_code == 403


def test_a_step_that_is_gone_is_not_found(mira_in: Client, app: AppDetail) -> None:
    assert mira_in.get(address(app, "build_step", "elsewhere")).status_code == 404
    assert mira_in.get(address(app, "build_part", "elsewhere")).status_code == 404


def test_what_a_spec_cannot_hold_is_refused_beside_what_was_typed(mira_in: Client, app: AppDetail) -> None:
    response = edit(mira_in, address(app, "build_part", "about"), subjects="customers of " + "the bank " * 15)

    assert response.status_code == 422
    assert "at most 120 are allowed" in response.content.decode()
    assert "customers of the bank" in response.content.decode()
    assert revision(app) == 1


def test_a_label_of_nothing_visible_takes_the_words_of_its_name(mira_in: Client, app: AppDetail) -> None:
    edit(mira_in, address(app, "build_part", "form"), field__0__label="\x01")

    assert plain_of(app)["form"][0]["label"] == "customer query"
