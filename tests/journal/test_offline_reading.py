"""What the offline verifier says of evidence that is empty, damaged, told in two ways, or not checked whole."""

import json
import os
import random
import shutil
import warnings
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from allotment.journal import evidence, receipts, verify_journal
from allotment.journal.models import JournalEntry, JournalLeaf
from tests.journal.tree.growing import START, Journal, export_all, export_some, grown

pytestmark = pytest.mark.django_db

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def verified(*arguments: object) -> tuple[int, str]:
        return verify_journal.main([str(one) for one in arguments]), capsys.readouterr().out

    return verified


def ticket_of(number: int) -> int:
    return JournalLeaf.objects.get(number=number).entry


def body_of_entry(number: int) -> str:
    return JournalEntry.objects.get(ticket=ticket_of(number)).body


def test_entries_that_say_they_are_invented_are_counted(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    made = journal.add(7, at=START - timedelta(days=90), details={"demo": True})
    journal.sign()
    for pack in (export_all(tmp_path / "all"), export_some(tmp_path / "some", made, since=(3,))):
        status, words = run(pack, "--key", journal.first_key)
        noted = "Note: 7 entries are marked as a demonstration; they may be back-dated." in words
        assert (status, noted) == (0, True)


def test_entries_that_say_they_are_invented_may_not_be_of_the_future(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    journal.add(at=START + timedelta(days=90), details={"demo": True})
    journal.sign()
    status, words = run(export_all(tmp_path / "all"), "--key", journal.first_key)
    assert (status, "entry 3 is dated ahead" in words) == (1, True)


def test_without_earlier_checkpoints_it_says_that_times_were_not_checked(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    (ticket,) = journal.add(at=START - timedelta(days=90))
    journal.sign()
    pack = export_some(tmp_path / "some", [ticket])
    (pack / "checkpoints.jsonl").unlink()
    told = "Note: 1 entries have no checkpoint before or soon after; they may be back-dated."
    status, words = run(pack, "--key", journal.first_key)
    assert (status, told in words) == (0, True)
    found = vars(receipts.evidence_of(ticket))
    file = {**found, "checkpoints": []}
    del file["rotations"]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(file))
    status, words = run(path, "--key", journal.first_key)
    assert (status, told in words) == (0, True)
    path.write_text(json.dumps({**file, "checkpoints": [vars(one) for one in found["checkpoints"]]}))
    status, words = run(path, "--key", journal.first_key)
    assert (status, "entry 3 is back-dated to 2025" in words) == (1, True)


def test_packs_and_receipts_as_they_are_written_bound_the_time_of_every_entry(
    tmp_path: Path, run: Run
) -> None:
    journal = grown(tmp_path, (3, 10))
    journal.rotate()
    journal.sign()
    (last,) = journal.add()
    journal.sign()
    written = BytesIO()
    evidence.write_pack([ticket_of(5), last, ticket_of(5)], written)
    (tmp_path / "some.zip").write_bytes(written.getvalue())
    status, words = run(tmp_path / "some.zip", "--key", journal.first_key)
    assert (status, words[:26], "Note" in words) == (0, "PROVED: 2 of 15 entries of", False)
    found = receipts.evidence_of(last)
    lists = {
        "rotations": [vars(one) for one in found.rotations],
        "checkpoints": [vars(one) for one in found.checkpoints],
    }
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps({**vars(found), **lists}))
    status, words = run(path, "--key", journal.first_key)
    assert (status, words[:27], "Note" in words) == (0, "PROVED: the entry “models.a", False)


def test_the_newest_key_alone_proves_what_older_keys_signed_too(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3, 10))
    for _ in range(2):
        journal.rotate()
        journal.sign()
        journal.add(2)
        journal.sign()
    written = BytesIO()
    evidence.write_pack([ticket_of(5), ticket_of(16)], written)
    (tmp_path / "some.zip").write_bytes(written.getvalue())
    for pack in (tmp_path / "some.zip", export_all(tmp_path / "all")):
        assert run(pack, "--key", journal.signer.verifier.text)[0] == 0
        assert run(pack, "--key", journal.first_key)[0] == 0


def test_a_pack_shows_that_it_continues_what_a_witness_saw(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3, 10, 5))
    note = (tmp_path / "journal.checkpoint").read_text()
    journal.add(2)
    journal.sign()
    (tmp_path / "seen.json").write_text(json.dumps({"checkpoint": note, "keys": [journal.first_key]}))
    for witnessed, expected in ((0, 3), (18, 0)):
        written = BytesIO()
        evidence.write_pack([ticket_of(1)], written, witnessed=witnessed)
        (tmp_path / "some.zip").write_bytes(written.getvalue())
        assert run(tmp_path / "some.zip", "--witness", tmp_path / "seen.json")[0] == expected


def test_no_entries_are_nothing_to_prove(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    pack = export_some(tmp_path / "some", [ticket_of(0)])
    (pack / "entries.jsonl").write_text("")
    status, words = run(pack, "--key", journal.first_key)
    assert (status, words) == (4, "NOTHING TO PROVE: there are no entries here.\n")
    (pack / "entries.jsonl").unlink()
    assert run(pack, "--key", journal.first_key)[0] == 4
    empty = Journal(tmp_path)
    empty.sign()
    pack = export_some(tmp_path / "full", [ticket_of(0)])
    (pack / "checkpoint.txt").write_text((tmp_path / "journal.checkpoint").read_text())
    (pack / "entries.jsonl").unlink()
    for one in (pack / "proofs").iterdir():
        one.unlink()
    (pack / "proofs").rmdir()
    assert run(pack, "--key", empty.first_key)[0] == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome":"done"', '"outcome":"done","outcome":"done"'),
        ('"outcome":"done"', '"outcome": "done"'),
        ('"action":"models.ask",', ""),
        ('"model":"small"', '"model":"sm\\u0061ll"'),
        ('"tokens":120', '"tokens":120.0'),
        ('"tokens":120', '"tokens":1.2e2'),
        ('"tokens":120', '"tokens":-0'),
        ('"model":"small"', '"model":"a\\/b"'),
    ],
)
def test_a_text_that_is_not_canonical_is_false_though_it_was_signed(
    tmp_path: Path, run: Run, old: str, new: str
) -> None:
    journal = grown(tmp_path, (3,))
    body = body_of_entry(0)
    changed = body.replace(old, new, 1)
    changed = changed.replace('"id":"0', '"id":"f', 1)  # ids are unique
    if not new:
        changed = changed[:-1] + ',"action":"models.ask"}'
    assert changed != body
    (ticket,) = journal.append([changed])
    journal.sign()
    for pack in (export_all(tmp_path / "all"), export_some(tmp_path / "some", [ticket], since=(3,))):
        status, words = run(pack, "--key", journal.first_key)
        assert (status, "the text of entry 3 is not canonical JSON" in words) == (1, True)


def test_the_texts_of_strange_entries_are_canonical(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    strange = {"ä„“\x1f\x7f\u2028\ud7ff": '\b\f\n\r\t\\/"\U0001f600\ue000', "n": -(2**53) + 1, "y": True}
    journal.add(details=strange)
    journal.sign()
    assert run(export_all(tmp_path / "all"), "--key", journal.first_key)[0] == 0


def test_a_receipt_with_a_name_twice_is_refused(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    found = receipts.evidence_of(ticket_of(0))
    text = json.dumps({"entry": found.entry, "proof": found.proof, "keys": []})
    path = tmp_path / "receipt.json"
    path.write_text(text[:-1] + ', "receipt": {"cost": 1, "cost": 2}}')
    status, words = run(path, "--key", journal.first_key)
    assert (status, "a name comes twice" in words) == (2, True)


@pytest.mark.parametrize("name", ["entries.jsonl", "checkpoints.jsonl"])
def test_a_line_of_a_pack_with_a_name_twice_is_refused(tmp_path: Path, run: Run, name: str) -> None:
    journal = grown(tmp_path, (3, 5))
    pack = export_all(tmp_path / "all")
    text = (pack / name).read_text()
    (pack / name).write_text(text.replace("{", '{"body": "{}", "note": "",', 1))
    status, words = run(pack, "--key", journal.first_key)
    assert (status, "a name comes twice" in words) == (2, True)


def test_a_pack_with_two_files_of_one_name_is_refused(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    path = Path(shutil.make_archive(str(tmp_path / "all"), "zip", export_all(tmp_path / "all")))
    assert run(path, "--key", journal.first_key)[0] == 0
    with zipfile.ZipFile(path, "a") as pack, warnings.catch_warnings(action="ignore"):
        pack.writestr("entries.jsonl", pack.read("entries.jsonl"))
    status, words = run(path, "--key", journal.first_key)
    assert (status, "a name comes twice" in words) == (2, True)


def test_a_damaged_zip_is_told_and_never_ends_in_a_traceback(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("rotations.jsonl", '{"number":1,"body":"' + os.urandom(400).hex() + '"}\n')
    key = grown(tmp_path, (1,)).first_key
    whole, chance = path.read_bytes(), random.Random(1)  # noqa: S311 - repeatable damage
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged[: len(whole) - chance.choice((0, 0, 0, 30))])
        status, words = run(path, "--key", key)
        assert (status, words[:45]) == (2, "CANNOT TELL: this cannot be read as evidence ")


def test_json_that_is_nested_without_end_is_told(tmp_path: Path, run: Run) -> None:
    journal = grown(tmp_path, (3,))
    found = receipts.evidence_of(ticket_of(0))
    for text in ("[" * 200_000, json.dumps({"entry": "[" * 200_000, "proof": found.proof, "keys": []})):
        (tmp_path / "deep.json").write_text(text)
        assert run(tmp_path / "deep.json", "--key", journal.first_key)[0] in {1, 2}
