"""What is shown is the text that is proved, whatever somebody made of the table; and the table is compared with it."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.utils.datastructures import MultiValueDict

from allotment.journal import columns
from allotment.journal.bodies import body_of
from allotment.journal.calls import question_at
from allotment.journal.forms import FilterForm
from allotment.journal.generated import are_computed
from allotment.journal.models import JournalEntry
from allotment.journal.problems import Kind
from allotment.journal.queries import Wanted, entry, recent
from allotment.kernel.errors import Invalid
from tests.journal.test_tampering import make_columns_plain, ticket_of
from tests.journal.tree import growing
from tests.journal.tree.growing import grown, tamper

pytestmark = pytest.mark.django_db


def test_the_columns_are_computed_as_they_were_made(tmp_path: Path) -> None:
    grown(tmp_path, (3,))
    assert are_computed(connection, JournalEntry)
    assert list(columns.differing()) == []


def test_plain_columns_that_say_the_same_are_no_problem(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 20))
    make_columns_plain()
    assert not are_computed(connection, JournalEntry)
    assert journal.verified().problems == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outcome", "'refused'"),
        ("action", "'apps.see'"),
        ("actor", "NULL"),
        ("space", "'00000000000000000000000000000001'"),
        ("flagged", "true"),
        ("at", "'2026-01-01T00:00:00.000000Z'"),
        ("object_id", "'12'"),
    ],
)
def test_another_value_is_told_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    journal = grown(tmp_path, (3, 20))
    ticket = ticket_of(5)
    make_columns_plain()
    tamper((f"UPDATE journal_entry SET {name} = {value} WHERE ticket = %s", ticket))  # noqa: S608 - values from above
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where) == (Kind.SHOWN, ticket)
    assert problem.what.endswith(f"those of its text: {name}.")
    shown = entry(ticket)
    said = json.loads(shown.body)
    assert (shown.action, shown.outcome, str(shown.actor), shown.object_id, shown.is_flagged, shown.space) == (
        said["action"], said["outcome"], said["actor"], said["object_id"], said["flagged"], said["space"]
    )  # fmt: skip
    assert said["outcome"] in {one.outcome for one in question_at(ticket)} or name == "action"


@pytest.mark.sqlite  # PostgreSQL refuses an id that is none
@pytest.mark.parametrize(
    "change",
    [('"id":"0', '"id":"nonsense'), ('"actor":"01890000-', '"actor":"me'), ('"at":"2026', '"at":"never')],
)
def test_an_entry_that_cannot_be_read_is_told_with_what_to_do(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    journal = grown(tmp_path, (3,))
    journal.append([body_of(growing.entry(9999, journal.at), "", {}).replace(*change)])
    journal.sign()
    with pytest.raises(Invalid) as refused:
        recent(Wanted())
    assert "allotment journal verify" in refused.value.hint
    assert [one.kind for one in journal.verified().problems] == [Kind.FORM]
    assert FilterForm(MultiValueDict()).wanted() == Wanted()
