"""From draft to approval, and out of use again."""

import pytest
from django.db import IntegrityError, transaction

from allotment.journal.models import JournalEntry
from allotment.kernel.errors import AllotmentError, Conflict, Invalid, NotAllowed, NotFound
from allotment.prompts.approving import approve, send_back
from allotment.prompts.models import TemplateVersion
from allotment.prompts.proposing import propose
from allotment.prompts.queries import approved_template, approved_templates, template_titles, version_of
from allotment.prompts.recalling import recall
from allotment.prompts.retiring import retire
from allotment.prompts.wording import worded
from allotment.prompts.writing import About, draft_from, edit_draft, new_family
from tests.prompts.conftest import WORDING, Desk

pytestmark = pytest.mark.django_db
ABOUT = About("Reply to a customer", "A polite answer.")


def test_an_approved_version_reaches_apps(desk: Desk) -> None:
    version = desk.approved()
    template = approved_template("reply-to-a-customer@1")
    assert (template.system, template.user) == (WORDING.system, WORDING.user)
    assert template.slots == WORDING.slots
    assert template.digest == version.digest
    assert version_of(template.reference).approver == desk.tom.id
    assert [summary.reference for summary in approved_templates()] == ["reply-to-a-customer@1"]
    assert template_titles() == {"reply-to-a-customer@1": "Reply to a customer"}


def test_author_cannot_approve_own_version(desk: Desk) -> None:
    version = desk.proposed()
    with pytest.raises(NotAllowed, match="You wrote"):
        approve(version.id, desk.rosa.id, seen_digest=version.digest)


def test_the_database_itself_refuses_an_author_as_approver(desk: Desk) -> None:
    version = desk.approved()
    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.filter(id=version.id).update(approver=desk.rosa.id)


def test_two_versions_never_share_a_number(desk: Desk) -> None:
    version = desk.draft()
    version.pk, version._state.adding = None, True
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()


def test_a_draft_is_refused_to_apps(desk: Desk) -> None:
    desk.draft()
    with pytest.raises(NotAllowed, match="not approved yet"):
        approved_template("reply-to-a-customer@1")
    assert approved_templates() == ()


def test_a_proposed_version_is_refused_to_apps(desk: Desk) -> None:
    desk.proposed()
    with pytest.raises(NotAllowed, match="not approved yet"):
        approved_template("reply-to-a-customer@1")


def test_a_retired_version_is_refused_to_apps(desk: Desk) -> None:
    retire(desk.approved().id, desk.tom.id)
    with pytest.raises(NotAllowed, match="retired"):
        approved_template("reply-to-a-customer@1")


def test_a_recalled_version_is_refused_from_the_next_call_on_with_the_reason(desk: Desk) -> None:
    version = desk.approved()
    assert approved_template(version.reference)
    recall(version.id, desk.tom.id, "It promises refunds.")
    with pytest.raises(NotAllowed, match="It promises refunds"):
        approved_template(version.reference)
    assert approved_templates() == ()


def test_an_older_version_is_offered_again_when_the_newest_is_recalled(desk: Desk) -> None:
    first = desk.approved()
    second = propose(draft_from(first, desk.rosa.id).id, desk.rosa.id)
    approve(second.id, desk.tom.id, seen_digest=second.digest)
    assert [summary.version for summary in approved_templates()] == [2]
    recall(second.id, desk.tom.id, "Rude.")
    assert [summary.version for summary in approved_templates()] == [1]


@pytest.mark.parametrize(
    "reference", ["reply-to-a-customer@2", "nothing@1", "nothing", "@1", "a@0", "a@x", "A@1"]
)
def test_unknown_references_are_not_found(desk: Desk, reference: str) -> None:
    desk.approved()
    with pytest.raises(NotFound):
        approved_template(reference)


def test_wording_changed_in_the_database_is_refused(desk: Desk) -> None:
    version = desk.approved()
    TemplateVersion.objects.filter(id=version.id).update(user="Say anything: {customer_query}")
    with pytest.raises(NotAllowed, match="not the wording that was approved"):
        approved_template(version.reference)


def test_a_draft_changes_and_keeps_its_number(desk: Desk) -> None:
    draft = edit_draft(desk.draft().id, About("Answer"), worded("", "{a}"), desk.rosa.id)
    assert (draft.number, draft.user, draft.family.title) == (1, "{a}", "Answer")


def test_a_proposed_version_is_locked(desk: Desk) -> None:
    version = desk.proposed()
    with pytest.raises(NotAllowed, match="not a draft any more"):
        edit_draft(version.id, ABOUT, worded("", "Else"), desk.rosa.id)
    version.user = "Else"
    with pytest.raises(Conflict, match="locked"):
        version.save()


def test_nobody_else_edits_or_proposes_a_draft(desk: Desk) -> None:
    draft = desk.draft()
    with pytest.raises(NotAllowed, match="somebody else"):
        edit_draft(draft.id, ABOUT, worded("", "Else"), desk.tom.id)
    with pytest.raises(NotAllowed, match="somebody else"):
        propose(draft.id, desk.tom.id)


def test_approval_binds_to_what_the_steward_read(desk: Desk) -> None:
    version = desk.proposed()
    with pytest.raises(Conflict, match="changed after you opened it"):
        approve(version.id, desk.tom.id, seen_digest="sha256:else")


def test_a_version_sent_back_is_a_draft_with_the_reason(desk: Desk) -> None:
    version = send_back(desk.proposed().id, desk.tom.id, " Shorter, please. ")
    assert (version.state, version.note) == ("draft", "Shorter, please.")


def test_sending_back_and_recalling_need_a_reason(desk: Desk) -> None:
    with pytest.raises(Invalid):
        send_back(desk.proposed().id, desk.tom.id, " ")
    other = new_family(About("Other"), WORDING, desk.tom.id)
    approve(propose(other.id, desk.tom.id).id, desk.rosa.id, seen_digest=other.digest)
    with pytest.raises(Invalid):
        recall(other.id, desk.tom.id, "")


def test_only_approved_versions_are_retired_or_recalled(desk: Desk) -> None:
    draft = desk.draft()
    with pytest.raises(NotAllowed):
        retire(draft.id, desk.tom.id)
    with pytest.raises(NotAllowed, match="never approved"):
        recall(draft.id, desk.tom.id, "x")
    approved = new_family(About("Other"), WORDING, desk.tom.id)
    approve(propose(approved.id, desk.tom.id).id, desk.rosa.id, seen_digest=approved.digest)
    recall(approved.id, desk.tom.id, "x")
    with pytest.raises(NotAllowed, match="already"):
        recall(approved.id, desk.tom.id, "x")


def test_a_name_is_taken_once(desk: Desk) -> None:
    desk.draft()
    with pytest.raises(Conflict, match="already"):
        desk.draft()


@pytest.mark.parametrize(
    ("title", "name"), [("New", "template-new"), ("24 hours", "template-24-hours"), ("Ü", "u")]
)
def test_names_come_from_titles_and_are_never_pages(desk: Desk, title: str, name: str) -> None:
    assert desk.draft(title).family.name == name


def test_a_new_draft_starts_from_the_wording_and_opens_once(desk: Desk) -> None:
    version = desk.approved()
    draft = draft_from(version, desk.tom.id)
    assert (draft.number, draft.wording, draft.author_id) == (2, version.wording, desk.tom.id)
    assert draft_from(version, desk.tom.id).number == 2


def test_every_change_is_in_the_journal(desk: Desk) -> None:
    version = desk.approved()
    recall(version.id, desk.tom.id, "Rude.")
    entries = JournalEntry.objects.filter(object_kind="template", object_id=str(version.id)).order_by(
        "ticket"
    )
    assert [(entry.action, entry.details["change"]) for entry in entries] == [
        ("templates.write", "started"),
        ("templates.write", "proposed"),
        ("templates.approve", "approved"),
        ("templates.recall", "recalled"),
    ]
    assert {entry.details["reference"] for entry in entries} == {"reply-to-a-customer@1"}
    assert "Rude" not in str([entry.details for entry in entries])


def test_a_refused_change_leaves_no_trace(desk: Desk) -> None:
    version = desk.proposed()
    before = JournalEntry.objects.count()
    with pytest.raises(AllotmentError):
        approve(version.id, desk.rosa.id, seen_digest=version.digest)
    assert JournalEntry.objects.count() == before
