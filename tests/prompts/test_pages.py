"""The pages: who sees them, what they do, and that nothing typed is lost."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from allotment.prompts.models import TemplateVersion
from allotment.prompts.queries import approved_template
from tests.conftest import SignIn
from tests.prompts.conftest import Desk

pytestmark = pytest.mark.django_db
NAME = "reply-to-a-customer"
TYPED = {
    "title": "Sort mail",
    "purpose": "One label.",
    "category": "sorting",
    "system": "You sort.",
    "user": "Sort {text} into {labels}.",
}
SLOT = {
    "slot-text-label": "The message",
    "slot-text-kind": "long text",
    "slot-text-required": "on",
    "slot-text-max_length": "900",
    "slot-text-example": "Where is it?",
    "slot-labels-label": "Labels",
    "slot-labels-kind": "choice",
    "slot-labels-max_length": "50",
}


def at(page: str, *args: object) -> str:
    return reverse(f"prompts:{page}", args=args)


def words(response: HttpResponse) -> str:
    return html.unescape(response.content.decode())


def newest() -> TemplateVersion:
    return TemplateVersion.objects.order_by("-created_at", "-number")[0]


def test_the_library_lists_finds_and_filters(client: Client, signed_in: SignIn, desk: Desk) -> None:
    desk.approved()
    desk.draft("Sort mail")
    signed_in(client, desk.mira)
    assert "Version 1" in words(client.get(at("list")))
    found = words(client.get(at("list"), {"q": "customer", "category": "writing", "state": "approved"}))
    assert "Reply to a customer" in found
    assert "Sort mail" not in found
    assert "No template matches" in words(client.get(at("list"), {"state": "recalled"}))
    assert "Write a template" not in found


def test_an_empty_library_says_what_will_be_here(client: Client, signed_in: SignIn, desk: Desk) -> None:
    signed_in(client, desk.rosa)
    assert "No templates yet" in words(client.get(at("list")))


def test_a_template_shows_wording_slots_and_who_approved_it(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    desk.approved()
    signed_in(client, desk.mira)
    shown = words(client.get(at("template", NAME)))
    assert '<b class="slot">customer_query</b>' in shown
    assert "banking, retail" in shown
    assert "approved by Tom" in shown
    assert "Recall" not in shown


def test_trying_fills_in_the_wording(client: Client, signed_in: SignIn, desk: Desk) -> None:
    desk.approved()
    signed_in(client, desk.mira)
    values = {"try-industry": "retail", "try-customer_query": "Where is <my> {card}?"}
    shown = words(client.post(at("try", NAME, 1), values))
    assert "You work in retail." in shown
    assert "Answer: Where is <my> {card}?" in shown


def test_trying_without_a_value_says_which_and_keeps_the_rest(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    desk.approved()
    signed_in(client, desk.mira)
    response = client.post(at("try", NAME, 1), {"try-industry": "retail", "try-customer_query": ""})
    assert response.status_code == 422
    assert "is empty" in words(response)
    assert '<option value="retail" selected>' in words(response)


def test_a_steward_writes_describes_and_proposes(client: Client, signed_in: SignIn, desk: Desk) -> None:
    signed_in(client, desk.rosa)
    response = client.post(at("new"), TYPED)
    assert response["Location"] == at("edit", "sort-mail", 1)
    assert 'name="slot-labels-kind"' in words(client.get(at("edit", "sort-mail", 1)))
    given = TYPED | SLOT | {"slot-labels-options": "card\ntransfer", "then": "propose"}
    response = client.post(at("edit", "sort-mail", 1), given)
    assert response["Location"] == at("version", "sort-mail", 1)
    version = newest()
    assert version.state == "proposed"
    assert [(slot.name, slot.kind, slot.options) for slot in version.wording.slots] == [
        ("text", "long text", ()),
        ("labels", "choice", ("card", "transfer")),
    ]


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    signed_in(client, desk.rosa)
    client.post(at("new"), TYPED)
    given = TYPED | SLOT | {"title": "", "slot-text-max_length": "none", "slot-labels-options": "one"}
    response = client.post(at("edit", "sort-mail", 1), given)
    assert response.status_code == 422
    shown = words(response)
    for typed in ("You sort.", "The message", "Where is it?", 'value="none"', "one</textarea>"):
        assert typed in shown
    assert 'id="id_title_error"' in shown
    assert "slot-text-max_length_error" in shown
    assert newest().wording.slots[0].max_length == 4000


def test_a_choice_without_options_is_refused_beside_the_options(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    signed_in(client, desk.rosa)
    client.post(at("new"), TYPED)
    response = client.post(at("edit", "sort-mail", 1), TYPED | SLOT)
    assert "at least two different options" in words(response)


def test_a_taken_title_is_said_beside_the_title(client: Client, signed_in: SignIn, desk: Desk) -> None:
    desk.draft()
    signed_in(client, desk.tom)
    response = client.post(at("new"), TYPED | {"title": "Reply to a customer"})
    assert response.status_code == 422
    assert "already" in words(response)


def test_another_steward_approves(client: Client, signed_in: SignIn, desk: Desk) -> None:
    version = desk.proposed()
    signed_in(client, desk.tom)
    assert "Waiting for your decision" in words(client.get(at("list")))
    assert version.digest in words(client.get(at("decide", NAME, 1)))
    client.post(at("decide", NAME, 1), {"decision": "approve", "digest": version.digest})
    assert approved_template(f"{NAME}@1").digest == version.digest


def test_the_author_is_refused_on_the_decision_page(client: Client, signed_in: SignIn, desk: Desk) -> None:
    version = desk.proposed()
    signed_in(client, desk.rosa)
    assert "Waiting for your decision" not in words(client.get(at("list")))
    assert "Waiting for another steward" in words(client.get(at("version", NAME, 1)))
    response = client.post(at("decide", NAME, 1), {"decision": "approve", "digest": version.digest})
    assert response.status_code == 403
    assert newest().state == "proposed"


def test_sending_back_asks_for_a_reason_and_shows_it_to_the_author(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    desk.proposed()
    signed_in(client, desk.tom)
    assert client.post(at("decide", NAME, 1), {"decision": "send back", "reason": ""}).status_code == 422
    client.post(at("decide", NAME, 1), {"decision": "send back", "reason": "Shorter."})
    signed_in(client, desk.rosa)
    assert "Shorter." in words(client.get(at("edit", NAME, 1)))


def test_a_second_version_is_decided_beside_what_changed(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    desk.approved()
    signed_in(client, desk.rosa)
    client.post(at("start-draft", NAME, 1))
    typed = TYPED | {"title": "Reply to a customer", "system": "You work in {industry}. Be short."}
    client.post(at("edit", NAME, 2), typed | {"user": "Answer: {customer_query}", "then": "propose"})
    signed_in(client, desk.tom)
    assert "<ins>Be short.</ins>" in words(client.get(at("decide", NAME, 2)))
    assert "<ins>Be short.</ins>" in words(client.get(at("changes", NAME, 2, 1)))
    assert "Both versions say the same" in words(client.get(at("changes", NAME, 1, 1)))


def test_recalling_asks_for_a_reason_and_everybody_reads_it(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    desk.approved()
    signed_in(client, desk.tom)
    assert client.get(at("recall", NAME, 1)).status_code == 200
    assert client.post(at("recall", NAME, 1), {"reason": " "}).status_code == 422
    client.post(at("recall", NAME, 1), {"reason": "It promises refunds."})
    signed_in(client, desk.mira)
    assert "It promises refunds." in words(client.get(at("template", NAME)))


def test_retiring_takes_a_version_out_of_use(client: Client, signed_in: SignIn, desk: Desk) -> None:
    desk.approved()
    signed_in(client, desk.rosa)
    client.post(at("retire", NAME, 1))
    assert newest().state == "retired"


@pytest.mark.parametrize("tool", ["prompty", "langchain", "promptflow"])
def test_a_version_is_handed_over_and_brought_back(
    client: Client, signed_in: SignIn, desk: Desk, tool: str
) -> None:
    desk.approved()
    signed_in(client, desk.tom)
    response = client.get(at("export", NAME, 1, tool))
    filename = response["Content-Disposition"].split('"')[1]
    upload = SimpleUploadedFile(filename, response.content)
    assert client.post(at("import"), {"file": upload})["Location"] == at("edit", NAME, 2)
    assert newest().wording == TemplateVersion.objects.get(number=1).wording


def test_pasted_text_is_imported_and_what_was_left_out_is_shown(
    client: Client, signed_in: SignIn, desk: Desk
) -> None:
    signed_in(client, desk.rosa)
    text = "---\nname: pasted\nmodel: {api: chat}\n---\nuser:\n{{question}}\n"
    response = client.post(at("import"), {"text": text}, follow=True)
    assert "choose a model where the template is used" in words(response)
    assert newest().origin == "imported"


def test_a_refused_import_keeps_what_was_pasted(client: Client, signed_in: SignIn, desk: Desk) -> None:
    signed_in(client, desk.rosa)
    response = client.post(at("import"), {"text": "user:\n{% if x %}y{% endif %}"})
    assert response.status_code == 422
    assert "line 2" in words(response)
    assert "{% if x %}y{% endif %}</textarea>" in words(response)
    assert client.post(at("import"), {}).status_code == 422
    assert not TemplateVersion.objects.exists()


@pytest.mark.parametrize("page", ["new", "import"])
def test_makers_read_but_do_not_write(client: Client, signed_in: SignIn, desk: Desk, page: str) -> None:
    desk.approved()
    signed_in(client, desk.mira)
    assert client.get(at(page)).status_code == 403
    assert client.post(at("start-draft", NAME, 1)).status_code == 403
    assert client.post(at("recall", NAME, 1), {"reason": "x"}).status_code == 403


def test_drafts_of_others_are_not_edited(client: Client, signed_in: SignIn, desk: Desk) -> None:
    desk.draft()
    signed_in(client, desk.tom)
    assert client.get(at("edit", NAME, 1)).status_code == 403


@pytest.mark.parametrize("page", ["template", "export"])
def test_unknown_templates_are_not_found(client: Client, signed_in: SignIn, desk: Desk, page: str) -> None:
    signed_in(client, desk.mira)
    args = ("nothing",) if page == "template" else ("nothing", 1, "prompty")
    assert client.get(at(page, *args)).status_code == 404
