"""Evidence from a tree that the key signed, but that is not the one an auditor or a witness knows."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from allotment.journal import verify_journal
from allotment.journal.bodies import body_of
from allotment.journal.tree.checkpoints import Checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import CompactRange, leaf_hash
from allotment.journal.tree.keyrings import ROTATE
from allotment.journal.tree.notes import Signer
from allotment.journal.tree.proof_files import ProofFile
from allotment.journal.tree.proofs import consistency, inclusion
from tests.journal.tree.growing import ORIGIN, START, entry

Run = Callable[..., tuple[int, str]]


class Tree:
    """Entries in memory, signed at will; the port `tree.proofs.Hashes`."""

    def __init__(self, signer: Signer, bodies: Sequence[str]) -> None:
        self.signer, self.bodies = signer, list(bodies)

    def leaves(self, start: int, end: int) -> list[bytes]:
        return [leaf_hash(one.encode()) for one in self.bodies[start:end]]

    def nodes(self, level: int, start: int, end: int) -> list[bytes]:
        raise AssertionError((level, start, end))  # fewer than 256 leaves have none

    def note(self, size: int, also: Sequence[Signer] = ()) -> str:
        edge = CompactRange()
        edge.extend(self.leaves(0, size))
        at = START + timedelta(seconds=size)
        return sign_checkpoint(Checkpoint(ORIGIN, size, edge.root()), [self.signer, *also], at)

    def proof(self, number: int, size: int, also: Sequence[Signer] = ()) -> str:
        return ProofFile(number, inclusion(self, number, size), self.note(size, also)).text

    def growth(self, old: int, new: int) -> dict[str, object]:
        proof = [b64encode(one).decode() for one in consistency(self, old, new)]
        return {"note": self.note(old), "proof": proof}


def bodies(*, forged: int | None = None, count: int = 9) -> list[str]:
    made = []
    for one in range(count):
        changes = {"object_id": "forged"} if one == forged else {}
        made.append(body_of(entry(one, START + timedelta(seconds=one), **changes), "", {}))
    return made


@pytest.fixture
def honest() -> Tree:
    return Tree(Signer.generate(ORIGIN), bodies())


@pytest.fixture
def forked(honest: Tree) -> Tree:
    return Tree(honest.signer, bodies(forged=4))


@pytest.fixture
def run(honest: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return status and words for a file; `saw` makes a witness of a note."""

    def verified(path: Path, saw: str | None = None) -> tuple[int, str]:
        options = []
        if saw is not None:
            (tmp_path / "witness.json").write_text(
                json.dumps({"checkpoint": saw, "keys": [honest.signer.verifier.text]})
            )
            options = ["--witness", str(tmp_path / "witness.json")]
        status = verify_journal.main([str(path), "--key", honest.signer.verifier.text, *options])
        return status, capsys.readouterr().out

    return verified


def pack(
    folder: Path, note: str, proved: Sequence[tuple[int, str, str]], earlier: Sequence[object] = ()
) -> Path:
    (folder / "proofs").mkdir(parents=True)
    (folder / "checkpoint.txt").write_text(note)
    (folder / "entries.jsonl").write_text(
        "".join(json.dumps({"number": number, "body": body}) + "\n" for number, body, _ in proved)
    )
    for number, _, proof in proved:
        (folder / "proofs" / f"{number}.tlog-proof").write_text(proof)
    (folder / "checkpoints.jsonl").write_text("".join(json.dumps(one) + "\n" for one in earlier))
    return folder


def receipt(path: Path, tree: Tree, number: int, size: int, **more: object) -> Path:
    file = {"entry": tree.bodies[number], "proof": tree.proof(number, size), "keys": [], **more}
    path.write_text(json.dumps(file))
    return path


def test_an_honest_pack_is_proved_also_against_a_witness(honest: Tree, run: Run, tmp_path: Path) -> None:
    proved = [(4, honest.bodies[4], honest.proof(4, 9))]
    folder = pack(tmp_path / "pack", honest.note(9), proved, [honest.growth(3, 9)])
    for saw in (None, honest.note(3), honest.note(9)):
        status, words = run(folder, saw)
        assert (status, words[:27]) == (0, "PROVED: 1 of 9 entries of a")


def test_an_entry_of_a_fork_beside_the_honest_checkpoint_is_false(
    honest: Tree, forked: Tree, run: Run, tmp_path: Path
) -> None:
    proved = [(4, forked.bodies[4], forked.proof(4, 9))]
    folder = pack(tmp_path / "pack", honest.note(9), proved, [honest.growth(3, 9)])
    for saw in (None, honest.note(9), honest.note(3)):
        status, words = run(folder, saw)
        assert (status, "this is a fork: the proof of entry 4 is of other entries" in words) == (1, True)


def test_an_entry_of_a_fork_of_another_size_is_not_proved(
    honest: Tree, forked: Tree, run: Run, tmp_path: Path
) -> None:
    proved = [(4, forked.bodies[4], forked.proof(4, 7))]
    status, words = run(pack(tmp_path / "pack", honest.note(9), proved))
    assert (status, "entry 4 is proved under another checkpoint, over 7 entries" in words) == (2, True)


def test_an_entry_under_an_earlier_checkpoint_that_is_shown_to_belong_is_proved(
    honest: Tree, run: Run, tmp_path: Path
) -> None:
    proved = [(4, honest.bodies[4], honest.proof(4, 7))]
    folder = pack(tmp_path / "pack", honest.note(9), proved, [honest.growth(7, 9)])
    assert run(folder)[0] == 0


def test_a_pack_that_is_a_fork_as_a_whole_is_told_by_a_witness(
    honest: Tree, forked: Tree, run: Run, tmp_path: Path
) -> None:
    proved = [(4, forked.bodies[4], forked.proof(4, 9))]
    folder = pack(tmp_path / "pack", forked.note(9), proved, [forked.growth(6, 9)])
    assert run(folder)[0] == 0  # the key signed it: only a witness can tell
    for size in (6, 9):
        status, words = run(folder, honest.note(size))
        assert (status, "the witness saw other entries among the first" in words) == (1, True)
    status, words = run(folder, honest.note(5))
    assert status == 3
    assert words.startswith("NOT PROVED against the witness: it has no proof that it continues the 5 entries")


def test_a_receipt_of_a_fork_is_false_for_a_witness_of_its_size(
    honest: Tree, forked: Tree, run: Run, tmp_path: Path
) -> None:
    path = receipt(tmp_path / "receipt.json", forked, 4, 9)
    assert run(path)[0] == 0
    status, words = run(path, honest.note(9))
    assert (status, "this is a fork: the witness saw other entries among the first 9" in words) == (1, True)


def test_a_receipt_that_cannot_be_compared_with_the_witness_says_so(
    honest: Tree, run: Run, tmp_path: Path
) -> None:
    path = receipt(tmp_path / "receipt.json", honest, 4, 7)
    for saw in (honest.note(3), honest.note(9)):
        status, words = run(path, saw)
        assert (status, words.startswith("NOT PROVED against the witness")) == (3, True)
        assert "By the key: the entry “models.ask”, recorded as entry 4" in words
    receipt(path, honest, 4, 7, checkpoints=[honest.growth(3, 7)])
    assert run(path, honest.note(3))[0] == 0


def test_a_receipt_that_does_not_continue_its_own_checkpoints_is_false(
    honest: Tree, forked: Tree, run: Run, tmp_path: Path
) -> None:
    path = receipt(tmp_path / "receipt.json", forked, 7, 9, checkpoints=[honest.growth(6, 9)])
    status, words = run(path)
    assert (status, "does not continue its checkpoint over 6 entries" in words) == (1, True)


def test_a_change_of_the_key_in_a_fork_is_told(honest: Tree, run: Run, tmp_path: Path) -> None:
    new = Signer.generate(ORIGIN)
    details: dict[str, str] = {"vkey": new.verifier.text}
    rotation = body_of(entry(99, START, action=ROTATE, details=details), "", {})
    fork = Tree(honest.signer, [*honest.bodies[:5], rotation])
    line = {"number": 5, "body": rotation, "proof": fork.proof(5, 6, [new])}
    proved = [(4, honest.bodies[4], honest.proof(4, 9))]
    folder = pack(tmp_path / "pack", honest.note(9), proved, [honest.growth(6, 9)])
    (folder / "rotations.jsonl").write_text(json.dumps(line))
    status, words = run(folder)
    assert status == 1
    assert "a replaced key signed the checkpoint over 9 entries" in words
    newer = Tree(new, honest.bodies)
    proved = [(4, honest.bodies[4], newer.proof(4, 9))]
    folder = pack(tmp_path / "other", newer.note(9), proved, [newer.growth(6, 9)])
    (folder / "rotations.jsonl").write_text(json.dumps(line))
    status, words = run(folder)
    assert (status, "this is a fork: a key was changed among other entries" in words) == (1, True)


def test_what_two_witnesses_saw_is_compared(honest: Tree, forked: Tree, run: Run, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    for tree, size, expected in ((honest, 9, 0), (forked, 9, 1), (honest, 7, 3)):
        state.write_text(json.dumps({"checkpoint": tree.note(size), "keys": [honest.signer.verifier.text]}))
        assert run(state)[0] == 0
        status, words = run(state, honest.note(9))
        assert (status, "fork" in words, "no proof that" in words) == (expected, expected == 1, expected == 3)


def test_a_witness_without_keys_vouches_for_nothing(
    honest: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = receipt(tmp_path / "receipt.json", honest, 4, 9, keys=[honest.signer.verifier.text])
    (tmp_path / "witness.json").write_text(json.dumps({"checkpoint": honest.note(9), "keys": []}))
    status = verify_journal.main([str(path), "--witness", str(tmp_path / "witness.json")])
    assert (status, capsys.readouterr().out[:33]) == (2, "NOT PROVED: no --key was given, s")
