"""A witness on another machine: what it accepts, and what it refuses for good."""

from dataclasses import replace
from pathlib import Path

import pytest

from allotment.journal import proving, sequencing, signing, witnessing
from allotment.journal.tree.notes import Signer
from allotment.journal.witnessing import News, Seen
from allotment.kernel.errors import Conflict, Invalid, Unavailable
from tests.journal.conftest import record
from tests.journal.tree.growing import ORIGIN, Journal, grown, tamper

pytestmark = pytest.mark.django_db


def began(journal: Journal) -> Seen:
    return witnessing.begin(proving.news(0), [journal.first_key])


def test_a_witness_follows_a_growing_journal(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 250))
    seen = began(journal)
    for size in (1, 300, 2):
        journal.add(size)
        journal.sign()
        seen = witnessing.accept(seen, proving.news(seen.opened().checkpoint.size))
    assert seen.opened().checkpoint.size == 556
    assert seen.keys == (journal.first_key,)


def test_a_witness_that_hears_nothing_new_stays_where_it_is(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    assert witnessing.accept(seen, proving.news(3)) == seen


def test_a_witness_follows_changes_of_the_key_and_forgets_the_old_one(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    for _ in range(2):
        journal.rotate()
        journal.sign()
    seen = witnessing.accept(seen, proving.news(3))
    assert seen.keys == (journal.signer.verifier.text,)
    assert began(journal).keys == seen.keys


def test_a_witness_begins_with_any_key_that_was_in_force(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    keys = [journal.signer.verifier.text]
    for _ in range(3):
        journal.rotate()
        journal.sign()
        journal.add(2)
        journal.sign()
        keys.append(journal.signer.verifier.text)
    told = proving.news(0)
    assert [witnessing.begin(told, [one]).keys for one in keys] == [(keys[-1],)] * 4


def test_a_witness_begins_with_the_key_of_a_new_beginning(bare: Path) -> None:
    record(3)
    sequencing.sequence_now()
    signing.rotate(None)
    sequencing.sequence_now()
    (bare / "journal.key").unlink()
    sequencing.begin_again("The key was lost.", None)
    sequencing.sequence_now()
    told, newest = proving.news(0), signing.read_keys().current.verifier.text
    assert witnessing.begin(told, [newest]).keys == (newest,)
    given_up = set(signing.published()) - {newest}
    assert len(given_up) == 2
    for key in given_up:
        with pytest.raises(Invalid, match="None of the known keys"):
            witnessing.begin(told, [key])


def test_a_handover_that_is_not_proved_keeps_a_witness_from_beginning(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    journal.rotate()
    journal.sign()
    told = proving.news(0)
    (handover,) = told.rotations
    forged = replace(handover, body=handover.body.replace("done", "gone"))
    with pytest.raises(Invalid, match="is not proved"):
        witnessing.begin(News(told.checkpoint, 0, told.consistency, (forged,)), [journal.first_key])


def test_a_shorter_journal_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 250))
    seen = began(journal)
    tamper(("DELETE FROM journal_checkpoint WHERE size > 3",))
    with pytest.raises(Conflict, match="shorter than before: 253 entries were seen, now it has 3"):
        proving.news(253)
    with pytest.raises(Conflict, match="shorter than before"):
        witnessing.accept(seen, proving.news(0))


def test_a_fork_is_refused_though_the_key_signed_it(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3, 250))
    seen = began(journal)
    tamper(*((f"DELETE FROM {table}",) for table in _TABLES))  # noqa: S608 - names of our own tables
    other = tmp_path / "other"
    other.mkdir()
    fork = Journal(other, signer=journal.signer)
    fork.at = journal.at
    fork.add(253, object_id="another")
    fork.sign()
    with pytest.raises(Conflict, match="This is a fork"):
        witnessing.accept(seen, proving.news(253))
    fork.add(5)
    fork.sign()
    with pytest.raises(Conflict, match="does not begin with the 253 seen before") as refused:
        witnessing.accept(seen, proving.news(253))
    assert "Keep both checkpoints as evidence" in refused.value.hint


def test_an_older_clock_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    journal.at = journal.at.replace(year=2025)
    journal.add(3)
    journal.sign()
    with pytest.raises(Conflict, match="before the one seen last"):
        witnessing.accept(seen, proving.news(3))


def test_another_key_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    journal.signer = Signer.generate(ORIGIN)
    journal.add(3)
    journal.sign()
    with pytest.raises(Invalid, match="None of the known keys"):
        witnessing.accept(seen, proving.news(3))
    with pytest.raises(Invalid, match="None of the known keys"):
        witnessing.begin(proving.news(0), [seen.keys[0]])


def test_another_journal_of_the_same_key_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    told = proving.news(3)
    journal.signer = Signer("allotment/journal/another", journal.signer._seed)
    journal.add(3)
    journal.sign()
    with pytest.raises(Invalid):
        witnessing.accept(seen, proving.news(3))
    assert witnessing.accept(seen, told) == seen


def test_news_since_another_size_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    journal.add(3)
    journal.sign()
    with pytest.raises(Invalid, match="grew from 2 entries, but 3 were seen"):
        witnessing.accept(seen, proving.news(2))


def test_a_damaged_proof_is_refused(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    journal.add(3)
    journal.sign()
    told = proving.news(3)
    for damaged in (told.consistency[:-1], ("AAAA", *told.consistency[1:]), ("?", *told.consistency[1:])):
        with pytest.raises((Conflict, Invalid)):
            witnessing.accept(seen, News(told.checkpoint, 3, damaged))


def test_news_and_state_survive_their_files(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    seen = began(journal)
    journal.rotate()
    journal.sign()
    told = proving.news(3)
    assert witnessing.read_news(witnessing.write_news(told)) == told
    state = tmp_path / "witness.json"
    assert witnessing.read_state(state) is None
    witnessing.write_state(state, seen)
    assert witnessing.read_state(state) == seen


def test_damaged_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not what a journal tells"):
        witnessing.read_news("{}")
    state = tmp_path / "witness.json"
    state.write_text("{")
    with pytest.raises(Invalid, match=r"witness\.json is damaged"):
        witnessing.read_state(state)
    with pytest.raises(Unavailable, match="cannot be written"):
        witnessing.write_state(tmp_path / "none" / "witness.json", Seen("", ()))


def test_state_that_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    state = tmp_path / "witness.json"
    state.mkdir()
    with pytest.raises(Unavailable, match="cannot be written"):
        witnessing.write_state(state, Seen("", ()))
    assert list(tmp_path.iterdir()) == [state]


_TABLES = ("journal_entry", "journal_leaf", "journal_node", "journal_checkpoint")
