"""Lines for other systems: every entry once, in order, and an event that leads back to what is proved."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from allotment.engine.recording import Outcome
from allotment.journal.exporting import Format, lines, numbered
from allotment.journal.models import JournalLeaf
from allotment.journal.tree.hashing import leaf_hash
from allotment.kernel.errors import Unavailable
from tests.journal.tree.growing import grown, tamper

pytestmark = pytest.mark.django_db

REQUIRED = {
    3002: {"user"},
    3004: {"actor", "entity"},
    6003: {"actor", "api", "src_endpoint"},
}
"""Beside what every event has (OCSF 1.6.0)."""
ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}


def test_every_entry_is_a_line_in_the_order_of_the_tree(tmp_path: Path) -> None:
    grown(tmp_path)
    told = [json.loads(line) for line in lines(Format.JSON)]
    assert [one["number"] for one in told] == list(range(604))
    hashes = [bytes(one) for one in JournalLeaf.objects.order_by("number").values_list("hash", flat=True)]
    assert [leaf_hash(one["body"].encode()) for one in told] == hashes


def test_a_part_is_exported_without_what_lies_outside(tmp_path: Path) -> None:
    grown(tmp_path)
    assert [number for number, _ in numbered(first=250, end=260)] == list(range(250, 260))


def test_an_entry_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    grown(tmp_path)
    ticket = JournalLeaf.objects.get(number=5).entry
    tamper(("DELETE FROM journal_entry WHERE ticket = %s", ticket))
    with pytest.raises(Unavailable, match="Entry 5 is no longer"):
        list(lines(Format.JSON))


@pytest.mark.parametrize("first", [0, 5])
def test_a_place_that_is_missing_is_not_passed_over(tmp_path: Path, first: int) -> None:
    grown(tmp_path)
    tamper(("DELETE FROM journal_leaf WHERE number = 5",))
    with pytest.raises(Unavailable, match="Entry 5 is no longer"):
        list(lines(Format.OCSF, first=first))
    assert len(list(lines(Format.JSON, first=6))) == 598


@pytest.mark.parametrize(
    ("action", "outcome", "expected", "status"),
    [
        ("account.sign-in", "done", 300201, "Success"),
        ("models.ask", "refused", 600399, "Failure"),
        ("apps.run", "done", 600399, "Success"),
        ("apps.make", "done", 300401, "Success"),
        ("apps.see", "allowed", 300402, "Success"),
        ("apps.publish", "failed", 300403, "Failure"),
    ],
)
def test_an_event_has_what_its_class_requires(
    tmp_path: Path, action: str, outcome: Outcome, expected: int, status: str
) -> None:
    journal = grown(tmp_path, (3,))
    journal.add(action=action, outcome=outcome, actor=uuid4(), flagged=outcome == "refused")
    journal.sign()
    *_, event = (json.loads(line) for line in lines(Format.OCSF))
    assert set(event) >= ALWAYS | REQUIRED[event["class_uid"]]
    assert set(event["metadata"]) >= {"version", "product"}
    assert (event["type_uid"], event["status"]) == (expected, status)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["severity_id"] == (4 if outcome == "refused" else 2 if outcome == "failed" else 1)
    leaf = JournalLeaf.objects.get(number=event["metadata"]["sequence"])
    assert leaf_hash(event["raw_data"].encode()) == bytes(leaf.hash)
