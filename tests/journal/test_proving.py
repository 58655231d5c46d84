"""Proofs of stored entries."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allotment.journal import proving
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.keyrings import KeyRing
from allotment.journal.tree.notes import Verifier
from allotment.journal.tree.proof_files import read_proof
from allotment.journal.tree.proofs import verify_consistency, verify_inclusion
from allotment.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from tests.journal.tree.growing import Journal, grown

pytestmark = pytest.mark.django_db


def test_an_entry_is_proved_under_the_newest_checkpoint(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    ticket = JournalLeaf.objects.get(number=300).entry
    proof = proving.prove(ticket)
    assert (proof.ticket, proof.number, proof.size) == (ticket, 300, 604)
    assert proof.body == JournalEntry.objects.get(ticket=ticket).body
    tree = KeyRing([journal.signer.verifier]).open(proof.checkpoint).checkpoint
    assert verify_inclusion(leaf_hash(proof.body.encode()), 300, 604, proof.hashes, tree.root)
    assert read_proof(proof.text).hashes == proof.hashes


def test_many_entries_are_proved_under_one_checkpoint(tmp_path: Path) -> None:
    grown(tmp_path)
    tickets = list(JournalLeaf.objects.filter(number__in=(0, 255, 603)).values_list("entry", flat=True))
    found = proving.prove_all(tickets)
    assert {one.number for one in found} == {0, 255, 603}
    assert len({one.checkpoint for one in found}) == 1


def test_a_proof_takes_few_queries_however_long_the_journal_is(tmp_path: Path) -> None:
    journal = grown(tmp_path, (5, 3000))
    with CaptureQueriesContext(connection) as queries:
        proving.prove(JournalLeaf.objects.get(number=1500).entry)
    assert len(queries) <= 10
    assert journal.edge.size == 3005


def test_growth_is_proved_between_any_two_sizes(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    found = proving.growth(253)
    ring = KeyRing([journal.signer.verifier])
    new = ring.open(found.checkpoint).checkpoint
    old = ring.open(proving.growth(0, 253).checkpoint).checkpoint
    assert (found.old, found.new, old.size, new.size) == (253, 604, 253, 604)
    assert verify_consistency(253, 604, old.root, new.root, found.hashes)


def test_changes_of_the_key_are_proved_one_after_the_other(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    for _ in range(3):
        journal.rotate()
        journal.add(2)
        journal.sign()
        journal.add(2)
        journal.sign()
    ring = KeyRing([Verifier.parse(journal.first_key)])
    for one in proving.handovers():
        ring.follow(one)
    assert ring.keys[-1] == journal.signer.verifier
    assert len(ring.keys) == 4
    assert len(proving.handovers(since=4)) == 2


def test_a_replaced_key_is_not_trusted_any_more(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    stolen = journal.signer
    journal.rotate()
    journal.sign()
    ring = KeyRing([stolen.verifier])
    ring.follow(proving.handovers()[0])
    journal.signer = stolen
    journal.add(2)
    with pytest.raises(Invalid, match="signed by a key that had been replaced"):
        ring.open(journal.sign())


def test_a_handover_is_not_believed_for_another_entry(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    journal.rotate()
    journal.sign()
    (handover,) = proving.handovers()
    ring = KeyRing([Verifier.parse(journal.first_key)])
    for wrong in (
        proving.Handover(2, handover.body, handover.proof),
        proving.Handover(3, handover.body.replace("done", "gone"), handover.proof),
        proving.Handover(3, handover.body.replace("rotate-key", "rotate-kez"), handover.proof),
    ):
        with pytest.raises(Invalid):
            ring.follow(wrong)
    assert len(ring.keys) == 1


def test_an_unknown_ticket_is_refused(tmp_path: Path) -> None:
    grown(tmp_path)
    with pytest.raises(NotFound, match="no entry with ticket 99999"):
        proving.prove(99999)


def test_an_entry_that_is_not_signed_yet_is_told_to_wait(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    (ticket,) = journal.add()
    with pytest.raises(Unavailable, match="recorded but not signed yet") as refused:
        proving.prove(ticket)
    assert "within a second or two" in refused.value.hint


def test_a_journal_that_was_never_signed_proves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    (ticket,) = journal.add()
    with pytest.raises(Unavailable, match="The journal is not signed yet"):
        proving.prove(ticket)


def test_growth_to_a_size_that_was_not_signed_is_refused(tmp_path: Path) -> None:
    grown(tmp_path)
    with pytest.raises(NotFound, match="No checkpoint over 100 entries"):
        proving.growth(3, 100)


def test_a_witness_that_saw_more_is_not_passed_over(tmp_path: Path) -> None:
    grown(tmp_path, (3, 20))
    assert [proving.growth(0, 3).checkpoint] == [one.note for one in proving.earlier([], 23, [0, 3])]
    with pytest.raises(Conflict, match="shorter than before: 24 entries were seen, now it has 23"):
        list(proving.earlier([5], 23, [3, 24]))


@pytest.mark.parametrize("note", ["junk", b"junk", "a copy"])
def test_a_row_that_is_no_checkpoint_of_this_tree_is_passed_over(tmp_path: Path, note: str | bytes) -> None:
    grown(tmp_path, (253,)).add(100)
    signed = JournalCheckpoint.objects.get(size=253)
    if note == "a copy":
        note = signed.note
    elif connection.vendor != "sqlite":
        note = "junk"
    with connection.cursor() as cursor:
        for size in (300, 700):  # below the end of the tree and above it
            row = (size, note, signed.at)
            cursor.execute("INSERT INTO journal_checkpoint (size, note, at) VALUES (%s, %s, %s)", row)
    ticket, later = (JournalLeaf.objects.get(number=number).entry for number in (100, 260))
    assert proving.prove(ticket).size == 253
    assert proving.signed_among([ticket, later]) == [ticket]
    with pytest.raises(Unavailable, match="not signed yet"):
        proving.prove(later)
