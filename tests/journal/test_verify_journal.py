"""The offline verifier, as an auditor runs it: one file, another folder, no Allotment."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from allotment.journal import evidence, proving, verify_journal
from allotment.journal.models import JournalCheckpoint, JournalLeaf
from allotment.journal.tree.notes import Signer
from allotment.kernel.canonical import digest
from tests.journal.tree.growing import ORIGIN, Journal, export_all, export_some, grown

pytestmark = pytest.mark.django_db

Run = Callable[..., tuple[int, str]]
RECEIPT = {
    "app": "Reply to a customer",
    "cost_microeuro": 1200,
    "checks": ["secrets", "„Namen“"],
    "run": "0189",
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def verified(*arguments: object) -> tuple[int, str]:
        return verify_journal.main([str(one) for one in arguments]), capsys.readouterr().out

    return verified


def tickets(*numbers: int) -> list[int]:
    return list(JournalLeaf.objects.filter(number__in=numbers).values_list("entry", flat=True))


def receipt(journal: Journal, path: Path, **changes: Any) -> Path:
    (ticket,) = journal.add(action="runs.receipt", details={"receipt": digest(RECEIPT)})
    journal.add(4)
    journal.sign()
    proof = proving.prove(ticket)
    rotations = [{"number": one.number, "body": one.body, "proof": one.proof} for one in proving.handovers()]
    file = {"receipt": RECEIPT, "entry": proof.body, "proof": proof.text, "checkpoint": proof.checkpoint}
    path.write_text(json.dumps({**file, "keys": [journal.first_key], "rotations": rotations, **changes}))
    return path


def test_it_runs_alone_without_allotment(tmp_path: Path) -> None:
    journal = grown(tmp_path)
    pack = export_some(tmp_path / "pack", tickets(0, 300))
    program = shutil.copy(str(verify_journal.__file__), tmp_path / "verify_journal.py")
    lonely = (
        "import runpy, sys; sys.modules['allotment'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", lonely, program, pack, "--key", journal.first_key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "PROVED: 2 of 604 entries of allotment/journal/0011223344556677, signed 2026-"
    )


def test_its_own_imports_are_the_standard_library_and_cryptography() -> None:
    source = Path(str(verify_journal.__file__)).read_text()
    imported = [one.split()[1] for one in source.splitlines() if one.startswith(("import ", "from "))]
    roots = {one.split(".")[0] for one in imported}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_zip_file_is_read_like_a_folder(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    for name, pack in (
        ("all", export_all(tmp_path / "all")),
        ("some", export_some(tmp_path / "some", tickets(0, 300))),
    ):
        archive = shutil.make_archive(str(tmp_path / name), "zip", pack)
        assert run(archive, "--key", journal.first_key)[0] == 0


def test_packs_as_the_installation_writes_them_are_proved(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    journal.rotate()
    journal.sign()
    journal.add(3)
    journal.sign()
    for name, write in (
        ("all", evidence.write_everything),
        ("some", lambda into: evidence.write_pack(tickets(0, 300, 606), into)),
    ):
        packed = BytesIO()
        write(packed)
        (tmp_path / f"{name}.zip").write_bytes(packed.getvalue())
        status, words = run(tmp_path / f"{name}.zip", "--key", journal.first_key)
        assert (status, "PROVED: " in words) == (0, True)


def test_without_a_key_nothing_is_proved_and_it_says_so_first(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    pack = export_all(tmp_path / "all")
    (pack / "keys.txt").write_text(f"{journal.first_key}\n")
    status, words = run(pack)
    assert status == 2
    assert words.startswith("NOT PROVED: no --key was given, so this vouches for itself.")
    assert "It fits together: all 604 entries" in words


def test_another_key_proves_nothing(tmp_path: Path, run: Run) -> None:
    grown(tmp_path)
    status, words = run(export_all(tmp_path / "all"), "--key", Signer.generate(ORIGIN).verifier.text)
    assert (status, "is not signed by a trusted key" in words) == (1, True)


def test_changes_of_the_key_are_followed(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3, 250))
    journal.rotate()
    journal.sign()
    journal.add(10)
    journal.sign()
    for pack in (
        export_all(tmp_path / "all"),
        export_some(tmp_path / "some", tickets(0, 262), since=(3, 254)),
    ):
        assert run(pack, "--key", journal.first_key)[0] == 0
        (pack / "rotations.jsonl").unlink()
        assert run(pack, "--key", journal.first_key)[0] == 1


def test_a_later_key_alone_proves_a_pack(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3, 250))
    journal.rotate()
    journal.sign()
    journal.add(10)
    journal.sign()
    pack = export_some(tmp_path / "some", tickets(0, 262))
    assert run(pack, "--key", journal.signer.verifier.text)[0] == 0
    assert run(pack, "--key", journal.signer.verifier.text, "--key", journal.first_key)[0] == 0


def test_a_replaced_key_proves_nothing_later(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3, 250))
    stolen = journal.signer
    journal.rotate()
    journal.sign()
    journal.signer = stolen
    journal.add(10)
    journal.sign()
    status, words = run(export_all(tmp_path / "all"), "--key", journal.first_key)
    assert (status, "a replaced key signed the checkpoint over 264 entries" in words) == (1, True)


def test_a_receipt_is_proved(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    status, words = run(receipt(journal, tmp_path / "receipt.json"), "--key", journal.first_key)
    assert (status, words[:38]) == (0, "PROVED: the receipt, recorded as entry")


def test_a_receipt_is_proved_after_a_change_of_the_key(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    journal.rotate()
    journal.sign()
    assert run(receipt(journal, tmp_path / "receipt.json"), "--key", journal.first_key)[0] == 0


def test_a_changed_receipt_is_caught(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    changed = receipt(journal, tmp_path / "receipt.json", receipt={**RECEIPT, "cost_microeuro": 1})
    status, words = run(changed, "--key", journal.first_key)
    assert (status, words) == (1, "FALSE: the receipt was changed: the journal recorded another one.\n")


def test_a_receipt_with_an_entry_made_to_fit_is_caught(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    path = receipt(journal, tmp_path / "receipt.json")
    file = json.loads(path.read_text())
    file["receipt"]["cost_microeuro"] = 1
    file["entry"] = file["entry"].replace(digest(RECEIPT), digest(file["receipt"]))
    path.write_text(json.dumps(file))
    status, words = run(path, "--key", journal.first_key)
    assert (status, "its proof does not fit its text" in words) == (1, True)


def test_every_changed_byte_of_a_proof_is_caught(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    path = receipt(journal, tmp_path / "receipt.json")
    file = json.loads(path.read_text())
    del file["checkpoint"]
    for position, one in enumerate(file["proof"]):
        changed = file["proof"][:position] + chr(ord(one) ^ 1) + file["proof"][position + 1 :]
        path.write_text(json.dumps({**file, "proof": changed}))
        status, words = run(path, "--key", journal.first_key)
        assert status in {1, 2}, (position, words)


def test_a_witness_vouches_for_what_it_saw(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    witness = tmp_path / "witness.json"
    note = JournalCheckpoint.objects.get(size=273).note
    witness.write_text(json.dumps({"checkpoint": note, "keys": [journal.first_key]}))
    assert run(export_all(tmp_path / "all"), "--witness", witness)[0] == 0
    assert run(export_some(tmp_path / "some", tickets(0), since=(273,)), "--witness", witness)[0] == 0
    status, words = run(export_some(tmp_path / "less", tickets(0)), "--witness", witness)
    assert (status, "has no proof that it continues the 273 entries the witness saw" in words) == (3, True)
    status, words = run(witness, "--key", journal.first_key)
    assert (status, "what a witness saw: 273 entries" in words) == (0, True)


def test_a_wrong_proof_of_consistency_is_caught(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    pack = export_some(tmp_path / "some", tickets(0), since=(273,))
    line = json.loads((pack / "checkpoints.jsonl").read_text())
    line["proof"] = line["proof"][::-1]
    (pack / "checkpoints.jsonl").write_text(json.dumps(line))
    status, words = run(pack, "--key", journal.first_key)
    assert (status, "does not continue its checkpoint over 273 entries" in words) == (1, True)


def test_entries_beyond_the_checkpoint_are_not_proved(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    journal.add(2)
    status, words = run(export_all(tmp_path / "all"), "--key", journal.first_key)
    assert (status, "entry 604 and what follows is not covered" in words) == (1, True)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"keys": []}', "[]"])
def test_a_file_that_is_no_evidence_is_told(tmp_path: Path, run: Run, content: str) -> None:
    path = tmp_path / "something.json"
    path.write_text(content)
    status, words = run(path, "--key", Signer.generate(ORIGIN).verifier.text)
    assert (status, words[:45]) == (2, "CANNOT TELL: this cannot be read as evidence ")


def test_a_missing_or_broken_pack_is_told(tmp_path: Path, run: Run) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    for name in ("broken.zip", "empty.zip", "absent.zip"):
        assert run(tmp_path / name, "--key", Signer.generate(ORIGIN).verifier.text)[0] == 2


def test_a_damaged_key_is_told(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path)
    status, words = run(export_all(tmp_path / "all"), "--key", journal.first_key.replace("+A", "+B", 1))
    assert (status, "is damaged; copy it again" in words) == (2, True)


def test_the_digest_of_a_receipt_is_that_of_its_canonical_json() -> None:
    canonical = json.dumps(RECEIPT, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest(RECEIPT) == "sha256:" + sha256(canonical.encode()).hexdigest()
