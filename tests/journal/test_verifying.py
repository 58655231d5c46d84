"""Verifying a journal that nobody touched, and one that only looks bad."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from allotment.journal.bodies import body_of
from allotment.journal.inserting import append_entries
from allotment.journal.problems import Kind
from allotment.journal.recording import record_all
from allotment.journal.sequencing import sequence_now
from allotment.journal.signing import rotate
from allotment.journal.verifying import Outside, verify
from allotment.kernel import clock
from allotment.kernel.errors import Invalid
from allotment.kernel.ids import new_id
from allotment.kernel.settings import settings
from tests.journal.tree.growing import START, Journal, entry, grown, tamper

pytestmark = pytest.mark.django_db


def test_an_untouched_journal_is_sound(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    found = journal.verified()
    assert found.problems == ()
    assert found.is_sound
    assert (found.entries, found.checkpoints, found.since, found.invented) == (604, 5, 0, 0)
    assert found.newest is not None
    assert found.newest.checkpoint.size == 604


def test_a_journal_larger_than_a_page_of_rows_is_sound(tmp_path: Path) -> None:
    assert grown(tmp_path, (16_384, 1, 500)).verified().is_sound


def test_an_empty_journal_is_sound(tmp_path: Path) -> None:
    assert Journal(tmp_path).verified().is_sound


def test_a_changed_key_is_followed(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 4))
    for _ in range(2):
        journal.rotate()
        journal.add(5)
        journal.sign()
        journal.add(5)
        journal.sign()
    assert journal.verified().problems == ()
    assert journal.verified(since=13).problems == ()


def test_a_change_of_the_key_must_be_signed_by_the_new_key_too(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 4))
    journal.rotate()
    journal.handing_over = None
    journal.sign()
    (found,) = journal.verified().problems
    assert found.kind == Kind.SIGNATURE
    assert "did not sign it" in found.what


def test_entries_verified_before_are_not_verified_again(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    found = journal.verified(since=273)
    assert found.is_sound
    assert (found.since, found.entries, found.checkpoints) == (273, 604, 3)


def test_verifying_begins_at_a_checkpoint_only(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="No checkpoint over 5 entries"):
        grown(tmp_path).verified(since=5)


def test_verifying_can_be_interrupted(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = grown(tmp_path, (17_000,)).verified(progress=lambda done, all_: bool(told.append((done, all_))))
    assert told == [(16_384, 17_000)]
    assert not found.is_complete
    assert not found.is_sound


def test_an_entry_that_waits_for_its_place_is_told_after_a_minute(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    (ticket,) = append_entries([body_of(entry(9999, clock.now()), "", {})])
    assert journal.verified().is_sound
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        (found,) = journal.verified().problems
    assert (found.kind, found.where) == (Kind.UNPLACED, ticket)


def test_demonstration_data_that_waits_for_its_place_is_told_after_a_minute_too(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    made = entry(9999, START - timedelta(days=90), id=new_id(), details={"demo": True})
    (ticket,) = append_entries([body_of(made, "", {})])
    assert journal.verified().is_sound
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        (found,) = journal.verified().problems
    assert (found.kind, found.where) == (Kind.UNPLACED, ticket)


def test_entries_that_nobody_signs_are_told_after_a_minute(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    journal.add(3, at=clock.now())
    assert journal.verified().is_sound
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        (found,) = journal.verified().problems
    assert (found.kind, found.where) == (Kind.UNSIGNED, 604)
    assert found.what == "The entries from 604 on are not signed."


def test_demonstration_data_may_be_of_any_time(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    journal.add(7, at=START - timedelta(days=90), details={"demo": True})
    journal.sign()
    found = journal.verified()
    assert found.is_sound
    assert found.invented == 7


def test_a_missing_row_of_the_tree_is_told(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    tamper(("DELETE FROM journal_node WHERE level = 8",))
    assert [(one.kind, one.where) for one in journal.verified().problems] == [(Kind.ROW, 0), (Kind.ROW, 256)]


def test_a_wrong_row_of_the_tree_is_told(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    tamper(('UPDATE journal_node SET hash = %s WHERE "index" = 1', bytes(32)))
    assert [(one.kind, one.where) for one in journal.verified().problems] == [(Kind.ROW, 256)]


def test_an_unreadable_key_is_told(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    (tmp_path / "journal.vkeys").write_text("nothing\n")
    (found,) = journal.verified().problems
    assert found.kind == Kind.NO_KEY


def test_a_missing_file_outside_the_database_is_told(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    (tmp_path / "journal.checkpoint").unlink()
    (found,) = journal.verified().problems
    assert found.kind == Kind.OUTSIDE
    assert "there is no such file" in found.what
    assert "whoever witnesses" in found.remedy


def test_what_the_sequencer_made_is_sound_also_with_a_changed_key(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    home = settings().home
    for made in ("journal.key", "journal.vkeys", "journal.checkpoint"):
        (home / made).unlink(missing_ok=True)
    numbers = record_all([entry(one, clock.now()) for one in range(700)])
    with django_capture_on_commit_callbacks(execute=True):
        sequence_now()
    rotate(None)
    with django_capture_on_commit_callbacks(execute=True):
        sequence_now()
    found = verify(Outside.read(home))
    assert (found.problems, found.entries) == ((), 701)
    assert len((home / "journal.vkeys").read_text().split()) == 2
    tamper(("UPDATE journal_entry SET body = replace(body, 'small', 'large') WHERE ticket = %s", numbers[5]))
    assert [(one.kind, one.where) for one in verify(Outside.read(home)).problems] == [(Kind.CHANGED, 5)]


def test_demonstration_data_may_not_be_of_the_future(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    journal.add(at=START + timedelta(days=90), details={"demo": True})
    journal.sign()
    assert [(one.kind, one.where) for one in journal.verified().problems] == [(Kind.AHEAD, 3)]
