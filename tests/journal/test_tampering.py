"""Whoever rules the database changes it; each change is found, by `verify` and by an auditor with an export.

Every test changes an otherwise sound journal of 604 entries below Django, with triggers out of the way, and looks at
the words of both.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from allotment.journal import verify_journal
from allotment.journal.bodies import body_of
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.problems import Kind
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.notes import Signer
from allotment.kernel.errors import Unavailable
from tests.journal.tree.growing import START, Journal, entry, export_all, export_some, grown, tamper

pytestmark = pytest.mark.django_db

COLUMNS = (
    "id", "at", "action", "outcome", "actor", "object_kind", "object_id", "space", "app", "run", "flagged"
)  # fmt: skip
"""Computed by the database from the text of an entry."""
Audit = Callable[..., tuple[int, str]]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return grown(tmp_path)


@pytest.fixture
def audit(journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Return exit status and words of the offline verifier; first the state of a witness is kept."""
    witness = tmp_path / "witness.json"
    witness.write_text(
        json.dumps({"checkpoint": JournalCheckpoint.objects.get(size=273).note, "keys": [journal.first_key]})
    )

    def run(folder: Path, *, witnessed: bool = False) -> tuple[int, str]:
        options = ["--witness", str(witness)] if witnessed else []
        status = verify_journal.main([str(folder), "--key", journal.first_key, *options])
        return status, capsys.readouterr().out

    return run


def found(journal: Journal) -> list[tuple[Kind, int]]:
    return [(one.kind, one.where) for one in journal.verified().problems]


def ticket_of(number: int) -> int:
    return JournalLeaf.objects.get(number=number).entry


def swap(number: int, old: str, new: str) -> int:
    """Change the text of an entry and return its ticket."""
    ticket = ticket_of(number)
    body = JournalEntry.objects.get(ticket=ticket).body
    assert old in body
    tamper(("UPDATE journal_entry SET body = %s WHERE ticket = %s", body.replace(old, new, 1), ticket))
    return ticket


def test_an_untouched_journal_passes(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    assert found(journal) == []
    status, words = audit(export_all(tmp_path / "all"), witnessed=True)
    assert (status, words[:30]) == (0, "PROVED: all 604 entries of all")
    some = export_some(tmp_path / "some", [ticket_of(one) for one in (0, 300, 603)], since=(3, 273))
    status, words = audit(some, witnessed=True)
    assert (status, words[:33]) == (0, "PROVED: 3 of 604 entries of allot")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"action":"models.ask"', '"action":"models.see"'),
        ('"actor":"01890000-0000-7000-8000-000000000001"', '"actor":"01890000-0000-7000-8000-000000000002"'),
        ('"app":"01890000-', '"app":"01890001-'),
        ('"approver":"01890000-0000-7000-8000-0000000000bb"', '"approver":null'),
        ('"at":"2026-03-01T08:05', '"at":"2026-03-01T08:04'),
        ('"commitments":{}', '"commitments":{"name":"sha256:00"}'),
        ('"tokens":4', '"tokens":3'),
        ('"flagged":false', '"flagged":true'),
        ('"id":"0', '"id":"1'),
        ('"object_id":"small-', '"object_id":"large-'),
        ('"object_kind":"model"', '"object_kind":"modem"'),
        ('"outcome":"done"', '"outcome":"refused"'),
        ('"policies":["makers-may-ask","small-models-only"]', '"policies":["makers-may-ask"]'),
        ('"policy_version":"0123456789ab"', '"policy_version":"0123456789ac"'),
        ('"run":"00000000-', '"run":"00000001-'),
        ('"space":null', '"space":"01890000-0000-7000-8000-000000000001"'),
    ],
)
def test_a_change_of_any_field_is_caught(
    journal: Journal, audit: Audit, tmp_path: Path, old: str, new: str
) -> None:
    ticket = swap(300, old, new)
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where, problem.since) == (Kind.CHANGED, 300, 274)
    assert problem.what == "The text of entry 300 was changed after it was recorded."
    assert "Compare it with a backup" in problem.remedy
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "entry 274 or a later one was changed" in words
    status, words = audit(export_some(tmp_path / "some", [ticket]))
    assert status == 1
    assert "entry 300 is not what was recorded: its proof does not fit its text" in words


def test_every_field_of_an_entry_is_among_the_changes_above() -> None:
    marks = test_a_change_of_any_field_is_caught.pytestmark
    changed = {old.split('"')[1] for mark in marks for old, _ in mark.args[1]}
    fields = set(json.loads(body_of(entry(0, START), "", {})))
    assert (changed - {"tokens"}) | {"details"} == fields


def test_a_change_with_its_hash_made_to_fit_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    ticket = swap(300, "models.ask", "models.see")
    body = JournalEntry.objects.get(ticket=ticket).body
    tamper(("UPDATE journal_leaf SET hash = %s WHERE number = 300", leaf_hash(body.encode())))
    problem = journal.verified().problems[0]
    assert (problem.kind, problem.where, problem.since) == (Kind.REWRITTEN, 604, 274)
    assert problem.what.startswith(
        "The tree of the first 604 entries is not the one that was signed at 2026-03-01 08:"
    )
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "the first 604 entries are not those that were signed" in words


def test_a_removed_entry_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    tamper(("DELETE FROM journal_entry WHERE ticket = %s", ticket_of(300)))
    assert found(journal) == [(Kind.REMOVED, 300)]
    with pytest.raises(Unavailable, match="no longer in the database"):
        export_all(tmp_path / "refused")


def test_an_entry_removed_with_its_place_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    tamper(
        ("DELETE FROM journal_entry WHERE ticket = %s", ticket_of(300)),
        ("DELETE FROM journal_leaf WHERE number = 300",),
    )
    assert (Kind.GAP, 300) in found(journal)
    with pytest.raises(Unavailable, match="no longer in the database"):
        export_all(tmp_path / "refused")


def test_an_entry_left_out_of_an_export_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    pack = export_all(tmp_path / "all")
    lines = (pack / "entries.jsonl").read_text().splitlines(keepends=True)
    (pack / "entries.jsonl").write_text("".join(lines[:300] + lines[301:]))
    status, words = audit(pack)
    assert status == 1
    assert "entry 300 is missing: entry 301 stands in its place" in words


def test_an_entry_whose_place_was_removed_and_closed_up_is_caught(
    journal: Journal, audit: Audit, tmp_path: Path
) -> None:
    ticket = ticket_of(300)
    tamper(
        ("DELETE FROM journal_leaf WHERE number = 300",),
        ("UPDATE journal_leaf SET number = -number WHERE number > 300",),
        ("UPDATE journal_leaf SET number = -number - 1 WHERE number < 0",),
    )
    assert {(Kind.CUT, 604), (Kind.UNPLACED, ticket)} <= set(found(journal))
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "604 entries were signed" in words


def test_reordered_entries_are_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    one, other = ticket_of(300), ticket_of(301)
    tamper(
        ("UPDATE journal_leaf SET entry = -1 WHERE number = 300",),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 301", one),
        ("UPDATE journal_leaf SET entry = %s WHERE number = 300", other),
    )
    assert found(journal) == [(Kind.CHANGED, 300), (Kind.CHANGED, 301)]
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "changed, removed, added or moved" in words


def test_an_end_cut_off_without_its_checkpoints_is_caught(
    journal: Journal, audit: Audit, tmp_path: Path
) -> None:
    cut_at(300)
    (problem,) = journal.verified().problems
    assert problem.what == "604 entries were signed, but the journal has only 300: its end was cut off."
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "604 entries were signed" in words
    assert "but only 300 are here" in words


def test_an_end_cut_off_with_its_checkpoints_is_caught(
    journal: Journal, audit: Audit, tmp_path: Path
) -> None:
    cut_at(253)
    tamper(("DELETE FROM journal_checkpoint WHERE size > 253",))
    assert found(journal) == [(Kind.CUT, 604)]
    status, words = audit(export_all(tmp_path / "all"), witnessed=True)
    assert status == 1
    assert "the journal was cut, or this is old: 273 entries were signed" in words
    assert "but only 253 are here" in words


def test_removed_checkpoints_are_caught(journal: Journal) -> None:
    tamper(("DELETE FROM journal_checkpoint WHERE size > 274",))
    assert found(journal) == [(Kind.UNSIGNED, 274)]


def test_a_backdated_entry_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    (ticket,) = journal.add(at=journal.at - timedelta(hours=1))
    journal.sign()
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where, problem.since) == (Kind.BACKDATED, 604, 604)
    assert problem.what.startswith("Entry 604 is back-dated to 2026-03-01T07:10:")
    status, words = audit(export_all(tmp_path / "all"))
    assert (status, "entry 604 is back-dated to" in words) == (1, True)
    status, words = audit(export_some(tmp_path / "some", [ticket], since=(604,)))
    assert (status, "entry 604 is back-dated to" in words) == (1, True)


def test_an_entry_dated_ahead_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    (ticket,) = journal.add(at=journal.at + timedelta(hours=1))
    journal.sign()
    assert found(journal) == [(Kind.AHEAD, 604)]
    for pack in (export_all(tmp_path / "all"), export_some(tmp_path / "some", [ticket])):
        status, words = audit(pack)
        assert (status, "entry 604 is dated ahead" in words) == (1, True)


def test_a_fork_by_somebody_with_the_key_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    outside = (tmp_path / "journal.checkpoint").read_text()
    cut_at(0)
    tamper(("DELETE FROM journal_checkpoint",))
    other = tmp_path / "other"
    other.mkdir()
    fork = Journal(other, signer=journal.signer)
    for size in (3, 250, 20, 1, 330):
        fork.add(size)
        fork.sign()
    (tmp_path / "journal.checkpoint").write_text(outside)
    assert found(journal) == [(Kind.FORK, 604)]
    status, words = audit(export_all(tmp_path / "all"), witnessed=True)
    assert status == 1
    assert "this is a fork: the witness saw other entries among the first 273" in words


def test_a_swapped_key_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    journal.signer = Signer.generate(journal.signer.verifier.name)
    journal.add(3)
    journal.sign()
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where) == (Kind.SIGNATURE, 607)
    assert "None of the known keys signed" in problem.what
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "the checkpoint over 607 entries is not signed by a trusted key" in words


def test_a_replayed_row_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    body = JournalEntry.objects.get(ticket=ticket_of(300)).body
    allow_the_same_id_twice()
    (ticket,) = journal.append([body])
    journal.sign()
    (problem,) = journal.verified().problems
    assert (problem.kind, problem.where) == (Kind.REPEATED, 604)
    assert problem.what.startswith("Entry 604 repeats an earlier one: both have the id 0")
    original = ticket_of(300)
    for pack in (export_all(tmp_path / "all"), export_some(tmp_path / "some", [original, ticket])):
        status, words = audit(pack)
        assert status == 1
        assert "entry 604 repeats an earlier one" in words


def test_a_changed_checkpoint_is_caught(journal: Journal, audit: Audit, tmp_path: Path) -> None:
    note = JournalCheckpoint.objects.get(size=604).note
    tamper(("UPDATE journal_checkpoint SET note = %s WHERE size = 604", note.replace("604", "603", 1)))
    assert found(journal) == [(Kind.SIGNATURE, 604)]
    status, words = audit(export_all(tmp_path / "all"))
    assert status == 1
    assert "its signature does not fit" in words


def test_a_checkpoint_moved_in_time_is_caught(journal: Journal) -> None:
    later = JournalCheckpoint.objects.get(size=604).at + timedelta(hours=3)
    tamper(("UPDATE journal_checkpoint SET at = %s WHERE size = 604", later))
    (problem,) = journal.verified().problems
    assert "another size or time" in problem.what


def cut_at(size: int) -> None:
    tamper(
        (
            "DELETE FROM journal_entry WHERE ticket IN (SELECT entry FROM journal_leaf WHERE number >= %s)",
            size,
        ),
        ("DELETE FROM journal_leaf WHERE number >= %s", size),
        ('DELETE FROM journal_node WHERE ("index" + 1) * 256 > %s', size),
    )


def allow_the_same_id_twice() -> None:
    """Take the uniqueness of ids away, as one who replays a row below the application would."""
    tamper()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'journal_entry'::regclass AND contype = 'u'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE journal_entry DROP CONSTRAINT "{name}"')
            return
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'journal_entry'")
        made: str = cursor.fetchone()[0]
        cursor.execute(made.replace(" UNIQUE", "").replace("journal_entry", "journal_open", 1))
        cursor.execute("INSERT INTO journal_open (ticket, body) SELECT ticket, body FROM journal_entry")
        cursor.execute("DROP TABLE journal_entry")
        cursor.execute("ALTER TABLE journal_open RENAME TO journal_entry")


def make_columns_plain() -> None:
    """Make columns of the values that the database computes, so that they can be changed."""
    tamper()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in COLUMNS:
                cursor.execute(f"ALTER TABLE journal_entry ALTER COLUMN {name} DROP EXPRESSION")
            return
        columns = ", ".join(("ticket", "body", *COLUMNS))
        cursor.execute(f"CREATE TABLE journal_open AS SELECT {columns} FROM journal_entry")  # noqa: S608
        cursor.execute("DROP TABLE journal_entry")
        cursor.execute("ALTER TABLE journal_open RENAME TO journal_entry")
