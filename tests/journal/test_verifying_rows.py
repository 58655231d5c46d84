"""Verifying rows that hold what Allotment never writes: each is told by its number, and none silences the report."""

from pathlib import Path

import msgspec
import pytest

from allotment.journal import stored_rows
from allotment.journal.bodies import body_of
from allotment.journal.decoding import read_anew
from allotment.journal.inserting import append_checkpoint
from allotment.journal.models import JournalCheckpoint
from allotment.journal.problems import MOST_TOLD, Kind
from allotment.journal.walking import Ids
from allotment.kernel.errors import Invalid
from tests.journal.tree.growing import START, Journal, entry, grown, tamper

pytestmark = pytest.mark.django_db
_sqlite_only = pytest.mark.sqlite
"""Only SQLite keeps any value in any column."""


def found(journal: Journal) -> set[tuple[Kind, int]]:
    return {(one.kind, one.where) for one in journal.verified().problems}


@_sqlite_only
@pytest.mark.parametrize(
    ("change", "kind", "where"),
    [
        ("UPDATE journal_leaf SET hash = 'text' WHERE number = 300", Kind.CHANGED, 300),
        ("UPDATE journal_leaf SET hash = 5 WHERE number = 300", Kind.CHANGED, 300),
        ("UPDATE journal_leaf SET hash = CAST(x'ff' AS TEXT) WHERE number = 300", Kind.CHANGED, 300),
        ("UPDATE journal_leaf SET entry = 'text' WHERE number = 300", Kind.REMOVED, 300),
        ("UPDATE journal_node SET hash = 'text' WHERE level = 8 AND \"index\" = 1", Kind.ROW, 256),
        (
            "UPDATE journal_node SET hash = CAST(x'ff' AS TEXT) WHERE level = 8 AND \"index\" = 1",
            Kind.ROW,
            256,
        ),
        ('UPDATE journal_node SET level = 9000000 WHERE level = 8 AND "index" = 1', Kind.ROW, 0),
        ('UPDATE journal_node SET "index" = \'text\' WHERE level = 8 AND "index" = 1', Kind.ROW, 256),
        ("UPDATE journal_checkpoint SET at = 'never' WHERE size = 274", Kind.SIGNATURE, 274),
        ("UPDATE journal_checkpoint SET at = x'00' WHERE size = 274", Kind.SIGNATURE, 274),
        ("UPDATE journal_checkpoint SET at = 5 WHERE size = 274", Kind.SIGNATURE, 274),
        ("UPDATE journal_checkpoint SET note = x'00' WHERE size = 274", Kind.SIGNATURE, 274),
        ("UPDATE journal_checkpoint SET note = CAST(x'ff' AS TEXT) WHERE size = 604", Kind.SIGNATURE, 604),
        ("UPDATE journal_checkpoint SET size = 'text' WHERE size = 274", Kind.SIGNATURE, 0),
        (
            "UPDATE journal_entry SET body = replace(body, 'small-300', CAST(x'ff' AS TEXT))",
            Kind.UNREADABLE,
            300,
        ),
    ],
)
def test_a_row_of_another_type_is_told(tmp_path: Path, change: str, kind: Kind, where: int) -> None:
    journal = grown(tmp_path)
    tamper((change,))
    assert (kind, where) in found(journal)
    assert not journal.verified().is_sound


@_sqlite_only
def test_verifying_from_a_checkpoint_on_tells_an_odd_row_before_it(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    journal.rotate()
    journal.sign()
    tamper(("UPDATE journal_leaf SET hash = 'text' WHERE number = 600",))
    assert {(Kind.CHANGED, 600), (Kind.REWRITTEN, 604)} <= found(journal)
    with pytest.raises(Invalid, match="Verifying cannot begin at 605"):
        journal.verified(since=605)


@_sqlite_only
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"id":"0', '"id":"A'),
        ('"id":"0', '"id":"0123'),
        ('"actor":"01890000-0000-7000-8000-000000000001"', '"actor":"me"'),
        ('"app":"01890000-0000-7000-8000-0000000000aa"', '"app":"01890000-0000-7000-8000-0000000000AA"'),
        ('"app":"01890000-0000-7000-8000-0000000000aa"', '"app":"01890000x0000-7000-8000-0000000000aa"'),
        ('"approver":"01890000-0000', '"approver":"0189000-00000'),
        ('"run":"00000000-', '"run":"{0000000-'),
        ('"space":null', '"space":""'),
        ('"at":"2026-03-01T', '"at":"2026-03-01 '),
        ('"at":"2026-03-01T', '"at":"2026-02-30T'),
        ('"at":"2026-03-01T08:00:', '"at":"2026-03-01T08:99:'),
        ('"at":"2026-03-01T', '"at":"20260301T'),
    ],
)
def test_an_id_or_a_time_that_can_be_written_in_another_way_is_told(
    tmp_path: Path, old: str, new: str
) -> None:
    journal = grown(tmp_path, (3,))
    body = body_of(entry(9999, journal.at.replace(minute=0)), "", {})
    assert old in body
    journal.append([body.replace(old, new)])
    journal.sign()
    assert found(journal) == {(Kind.FORM, 3)}


def test_texts_that_are_entries_only_together_are_none() -> None:
    """Read line by line, the three would be three entries."""
    one, other = (body_of(entry(number, START), "", {}).encode() for number in (1, 2))
    cut = other.index(b",") + 1
    for texts in ([one + b"\n" + other[:cut], other[cut:], one], [one + b"\n" + other, b"", one]):
        with pytest.raises(msgspec.DecodeError):
            read_anew(texts)
    assert read_anew([one, other, one]).misshapen == set()


@pytest.mark.parametrize("note", ["junk", "genuine"])
def test_a_row_beyond_the_end_that_nobody_signed_is_no_cut(tmp_path: Path, note: str) -> None:
    journal = grown(tmp_path)
    text = JournalCheckpoint.objects.get(size=604).note if note == "genuine" else note
    append_checkpoint(10**9, text, journal.at)
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where) == (Kind.SIGNATURE, 10**9)


def test_problems_beyond_a_thousand_are_only_counted(tmp_path: Path) -> None:
    journal = grown(tmp_path, (MOST_TOLD + 200,))
    tamper(("UPDATE journal_leaf SET hash = %s", bytes(32)))
    verified = journal.verified()
    assert len(verified.problems) == MOST_TOLD
    assert verified.problem_count > MOST_TOLD + 199


def test_ids_are_compared_also_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allotment.journal.walking._MOST_AT_ONCE", 10)
    made = [f"01890000-0000-7000-8000-{number:012x}" for number in range(100)]
    ids = Ids()
    ids.add(made)
    assert ids.repeated() == frozenset()
    ids.add(made[40:42])
    assert ids.repeated() == frozenset(Ids.halves(made[40:42]))


def test_rows_come_in_pages_and_none_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(tmp_path)
    monkeypatch.setattr(stored_rows, "_CHUNK", 100)
    monkeypatch.setattr(stored_rows, "_PAGE", 2)
    assert [row[0] for page in stored_rows.rows(5, 604) for row in page] == list(range(5, 604))
    assert [one.size for one in stored_rows.claims(0)] == [3, 253, 273, 274, 604]
