"""Verifying beside a running sequencer, and against keys and checkpoints from elsewhere."""

from datetime import timedelta
from pathlib import Path

import pytest

from allotment.journal import sequencing, verifying
from allotment.journal.bodies import body_of
from allotment.journal.inserting import append_entries
from allotment.journal.models import JournalCheckpoint, JournalEntry, JournalLeaf
from allotment.journal.problems import Kind
from allotment.journal.proving import StoredHashes
from allotment.journal.sequencing import sequence_now
from allotment.journal.signing import rotate
from allotment.journal.tree import proofs
from allotment.journal.tree.checkpoints import Checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.journal.verifying import Elsewhere, Outside, Verified, verify
from allotment.journal.witnessing import Seen
from allotment.kernel import clock
from allotment.kernel.errors import Invalid
from tests.journal.conftest import checked, record
from tests.journal.tree.growing import ORIGIN, START, Journal, entry, grown, tamper


def found(verified: Verified) -> list[tuple[Kind, int]]:
    return [(one.kind, one.where) for one in verified.problems]


def seen_by(journal: Journal, size: int) -> Seen:
    return Seen(JournalCheckpoint.objects.get(size=size).note, (journal.first_key,))


class TestBesideASequencer:
    """Each test signs at one moment of the pass."""

    def test_what_is_signed_during_the_pass_is_no_cut(self, bare: Path) -> None:
        record(20)
        sequence_now()

        def meanwhile(_done: int, _all: int) -> bool:
            record(5)
            sequence_now()
            return True

        verified = verify(Outside.read(bare), progress=meanwhile)
        assert (verified.problems, verified.entries) == ((), 20)
        assert checked(bare) == 25

    @pytest.mark.parametrize("after", ["_before", "_newest_outside", "claims", "_look_at_places"])
    def test_what_is_signed_between_any_two_readings_is_no_problem(
        self, bare: Path, monkeypatch: pytest.MonkeyPatch, after: str
    ) -> None:
        record(20)
        sequence_now()
        outside = Outside.read(bare)
        read = getattr(verifying, after)

        def then_sign(*arguments: object) -> object:
            found = read(*arguments)
            record(3)
            sequence_now()
            return found

        monkeypatch.setattr(verifying, after, then_sign)
        assert verify(outside).problems == ()

    def test_what_waits_for_its_place_during_a_long_pass_is_no_problem(self, bare: Path) -> None:
        record(20)
        sequence_now()
        with clock.frozen(clock.now()):
            outside, start = Outside.read(bare), clock.now()

        def meanwhile(_done: int, _all: int) -> bool:
            append_entries([body_of(entry(999, start + timedelta(seconds=30)), "", {})])
            return True

        with clock.frozen(start):
            assert verify(outside, progress=meanwhile).problems == ()


@pytest.mark.django_db
class TestAgainstAWitness:
    """What a witness saw, and a key, count more than what lies beside the database."""

    def test_a_journal_that_continues_it_is_sound(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        for size in (3, 273, 604):
            for since in (0, 253, 604):
                verified = journal.verified(
                    elsewhere=Elsewhere((journal.first_key,), seen_by(journal, size)), since=since
                )
                assert verified.problems == ()

    def test_a_fork_by_somebody_with_the_key_and_the_home_is_caught(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        witness = seen_by(journal, 273)
        tamper(*((f"DELETE FROM {table}",) for table in _TABLES))  # noqa: S608 - names from below
        fork = Journal(tmp_path, signer=journal.signer)
        for size in (3, 250, 20, 1, 330):
            fork.add(size)
            fork.sign()
        assert fork.verified().is_sound
        verified = fork.verified(elsewhere=Elsewhere(seen=witness))
        assert found(verified) == [(Kind.WITNESSED, 273)]
        assert "not the one that the witness saw: this is a fork" in verified.problems[0].what
        assert found(fork.verified(since=604, elsewhere=Elsewhere(seen=witness))) == [(Kind.WITNESSED, 273)]

    def test_a_journal_shorter_than_it_was_cut(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        witness = seen_by(journal, 604)
        tamper(*((f"DELETE FROM {table}",) for table in _TABLES))  # noqa: S608 - names from below
        fork = Journal(tmp_path, signer=journal.signer)
        fork.add(10)
        fork.sign()
        assert found(fork.verified(elsewhere=Elsewhere(seen=witness))) == [(Kind.CUT, 604)]

    def test_a_journal_of_another_key_is_not_that_of_the_key_given(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        other = Signer.generate(ORIGIN).verifier.text
        verified = journal.verified(elsewhere=Elsewhere((other,)))
        assert found(verified) == [(Kind.OTHER_KEY, 604)]
        assert f"not signed by {other}" in verified.problems[0].what

    def test_any_key_that_leads_to_the_newest_will_do(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3, 4))
        journal.rotate()
        journal.sign()
        journal.add(5)
        journal.sign()
        for key in (journal.first_key, journal.signer.verifier.text):
            for since in (0, 8, 13):
                assert journal.verified(since=since, elsewhere=Elsewhere((key,))).problems == ()

    def test_a_key_stands_in_for_a_missing_file(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        (tmp_path / "journal.vkeys").unlink()
        assert found(journal.verified()) == [(Kind.NO_KEY, 0)]
        assert journal.verified(elsewhere=Elsewhere((journal.first_key,))).is_sound

    def test_a_key_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="This key cannot be used"):
            grown(tmp_path, (3,)).verified(elsewhere=Elsewhere(("nothing",)))


@pytest.mark.django_db
class TestSince:
    """What lies before is not verified again, but nothing of it is believed without a signature."""

    def test_a_forged_change_of_the_key_before_is_not_believed(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (10, 5))
        mine = Signer.generate(ORIGIN)
        ticket = JournalLeaf.objects.get(number=1).entry
        body = body_of(entry(1, START, action=ROTATE, details={"vkey": mine.verifier.text}), "", {})
        forged = JournalEntry.objects.get(ticket=JournalLeaf.objects.get(number=11).entry)
        text = forged.body.replace("small-", "large-")
        tamper(
            ("UPDATE journal_entry SET body = %s WHERE ticket = %s", body, ticket),
            ("UPDATE journal_entry SET body = %s WHERE ticket = %s", text, forged.ticket),
            ("UPDATE journal_leaf SET hash = %s WHERE number = 11", leaf_hash(text.encode())),
        )
        for size in (10, 15):
            edge = edge_of(size)
            row = JournalCheckpoint.objects.get(size=size)
            note = sign_checkpoint(Checkpoint(ORIGIN, size, edge), [mine], row.at)
            tamper(("UPDATE journal_checkpoint SET note = %s WHERE size = %s", note, size))
            (tmp_path / "journal.checkpoint").write_text(note)
        assert not journal.verified().is_sound
        assert (Kind.UNPROVED_KEY, 10) in found(journal.verified(since=10))

    def test_a_missing_place_before_is_told(self, tmp_path: Path) -> None:
        journal = grown(tmp_path)
        ticket = JournalLeaf.objects.get(number=1).entry
        tamper(("DELETE FROM journal_leaf WHERE number = 1",))
        assert found(journal.verified(since=604)) == [(Kind.GAP, 1), (Kind.UNPLACED, ticket)]
        with pytest.raises(Invalid, match="cannot begin at 253"):
            journal.verified(since=253)


def edge_of(size: int) -> bytes:
    return proofs.root(StoredHashes(), size)


class TestBegunAnew:
    """After a lost key or an old backup, the old key checks what was before, and that is told."""

    @pytest.fixture
    def begun(self, bare: Path) -> Path:
        record(10)
        sequence_now()
        (bare / "journal.key").unlink()
        sequencing.begin_again("the key is lost", None)
        record(3)
        sequence_now()
        record(3)
        sequence_now()
        return bare

    def test_it_is_sound_and_says_where(self, begun: Path) -> None:
        names = [one.partition("+")[0] for one in (begun / "journal.vkeys").read_text().split()]
        for since in (0, 10, 14, 17):
            verified = verify(Outside.read(begun), since=since)
            assert verified.problems == ()
            assert [(one.number, one.before, one.name) for one in verified.begun] == [(10, *names)]

    def test_the_lost_key_alone_does_not_vouch_for_it(self, begun: Path) -> None:
        old, new = (begun / "journal.vkeys").read_text().split()
        assert found(verify(Outside.read(begun), elsewhere=Elsewhere((old,)))) == [(Kind.OTHER_KEY, 17)]
        assert verify(Outside.read(begun), elsewhere=Elsewhere((new,))).is_sound

    def test_later_changes_of_the_key_are_followed(self, begun: Path) -> None:
        rotate(None)
        sequence_now()
        record(2)
        sequence_now()
        assert verify(Outside.read(begun)).problems == ()

    def test_a_new_key_that_is_not_published_is_not_believed(self, begun: Path) -> None:
        old = (begun / "journal.vkeys").read_text().split()[0]
        (begun / "journal.vkeys").write_text(old)
        kinds = {one.kind for one in verify(Outside.read(begun)).problems}
        assert Kind.SIGNATURE in kinds

    @pytest.mark.django_db
    def test_a_key_cannot_abandon_itself(self, tmp_path: Path) -> None:
        journal = grown(tmp_path, (3,))
        journal.add(action=ROTATE, details={"vkey": journal.first_key, "abandoned": ORIGIN})
        journal.sign()
        assert found(journal.verified()) == [(Kind.HANDOVER, 3)]


_TABLES = ("journal_entry", "journal_leaf", "journal_node", "journal_checkpoint")
