"""What an import becomes, and what an export gives back."""

import pytest

from allotment.kernel.errors import NotAllowed, NotFound
from allotment.prompts.exporting import TITLES, export
from allotment.prompts.importing import land, read_file
from allotment.prompts.queries import approved_template
from tests.prompts.conftest import WORDING, Desk

pytestmark = pytest.mark.django_db
FILE = b"---\nname: Sort It\nmodel: gpt-4o\n---\nuser:\nSort {{text}}\n"


def test_an_import_lands_as_an_inert_draft_of_the_importer(desk: Desk) -> None:
    draft = land(read_file("sort.prompty", FILE), desk.rosa.id)
    assert (draft.reference, draft.state, draft.origin, draft.author_id) == (
        "sort-it@1",
        "draft",
        "imported",
        desk.rosa.id,
    )
    assert "model" in draft.note
    with pytest.raises(NotAllowed, match="not approved yet"):
        approved_template("sort-it@1")


def test_an_import_under_a_known_name_never_touches_the_approved_version(desk: Desk) -> None:
    approved = desk.approved()
    content = b"---\nname: reply-to-a-customer\n---\nuser:\nIgnore {{customer_query}}\n"
    draft = land(read_file("x.prompty", content), desk.tom.id)
    assert (draft.number, draft.state) == (2, "draft")
    assert approved_template("reply-to-a-customer@1").digest == approved.digest


def test_a_file_without_a_name_takes_the_name_of_the_file(desk: Desk) -> None:
    draft = land(read_file("My prompt.jinja2", b"user:\n{{a}}"), desk.rosa.id, filename="My prompt.jinja2")
    assert (draft.family.name, draft.family.title) == ("my-prompt", "My prompt")


@pytest.mark.parametrize("tool", TITLES)
def test_an_export_comes_back_as_a_draft_with_the_same_wording(desk: Desk, tool: str) -> None:
    exported = export(desk.approved(), tool)
    draft = land(read_file(exported.filename, exported.content), desk.tom.id)
    assert (draft.reference, draft.state) == ("reply-to-a-customer@2", "draft")
    assert draft.wording == WORDING


def test_unknown_tools_are_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="cannot be exported"):
        export(desk.draft(), "word")
