"""A journal that began anew goes on under its new name; the key that was given up does not come back."""

from pathlib import Path

import pytest

from allotment.journal.handing_over import giving_up
from allotment.journal.inserting import append_checkpoint
from allotment.journal.problems import Kind
from allotment.journal.tree.checkpoints import Checkpoint, sign_checkpoint
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from tests.journal.tree.growing import Journal, grown

pytestmark = pytest.mark.django_db


def begin_anew(journal: Journal, old: Signer, new: Signer, **changes: object) -> str:
    """Let `new` say that it begins again after `old`, whose key is lost, and sign alone; returns the checkpoint."""
    given = giving_up(Checkpoint(old.verifier.name, journal.edge.size, journal.edge.root()), new)
    journal.add(action=ROTATE, details={"vkey": new.verifier.text, **given, **changes})
    journal.add()
    tree = Checkpoint(new.verifier.name, journal.edge.size, journal.edge.root())
    note = sign_checkpoint(tree, [new], journal.at)
    append_checkpoint(tree.size, note, journal.at)
    return note


def publish(home: Path, *signers: Signer) -> None:
    (home / "journal.vkeys").write_text("".join(f"{one.verifier.text}\n" for one in signers))


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Journal, Signer, Signer]:
    """A journal that began anew after its key was lost, with both keys."""
    journal = grown(tmp_path, (3,))
    old, new = journal.signer, Signer.generate("allotment/journal/ffffffffffffffff")
    publish(tmp_path, old, new)
    (tmp_path / "journal.checkpoint").write_text(begin_anew(journal, old, new))
    return journal, old, new


def test_a_beginning_anew_is_followed(begun: tuple[Journal, Signer, Signer]) -> None:
    journal, old, new = begun
    found = journal.verified()
    assert found.problems == ()
    assert [(one.before, one.name) for one in found.begun] == [(old.verifier.name, new.verifier.name)]


def test_a_key_that_was_given_up_does_not_come_back(begun: tuple[Journal, Signer, Signer]) -> None:
    """As whoever stole it would write it, who rules the database and not the files beside it."""
    journal, old, new = begun
    begin_anew(journal, new, old)
    assert {one.kind for one in journal.verified().problems} >= {Kind.SIGNATURE}


def test_a_key_that_was_given_up_does_not_come_back_before_where_the_walk_begins(
    begun: tuple[Journal, Signer, Signer],
) -> None:
    journal, old, new = begun
    begin_anew(journal, new, old)
    found = journal.verified(since=journal.edge.size)
    assert {one.kind for one in found.problems} == {Kind.UNPROVED_KEY}


def test_a_beginning_that_the_new_key_did_not_sign_is_not_followed(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    old, new = journal.signer, Signer.generate("allotment/journal/ffffffffffffffff")
    publish(tmp_path, old, new)
    another = giving_up(Checkpoint(old.verifier.name, 1, bytes(32)), new)["signature"]
    begin_anew(journal, old, new, signature=another)
    assert Kind.SIGNATURE in {one.kind for one in journal.verified().problems}


def test_a_beginning_of_an_earlier_version_bears_no_signature(tmp_path: Path) -> None:
    journal = grown(tmp_path, (3,))
    old, new = journal.signer, Signer.generate("allotment/journal/ffffffffffffffff")
    publish(tmp_path, old, new)
    begin_anew(journal, old, new, signature=None)
    assert {one.kind for one in journal.verified().problems} == set()
