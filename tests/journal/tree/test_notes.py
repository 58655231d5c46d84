"""Signed notes and checkpoints, against the examples of Go's note package and of the C2SP documents."""

from datetime import UTC, datetime, timedelta

import pytest

from allotment.journal.tree.checkpoints import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from allotment.journal.tree.hashing import EMPTY_ROOT
from allotment.journal.tree.notes import TIMESTAMPED, Signer, Verifier, open_note, sign_note
from allotment.journal.tree.proof_files import ProofFile, read_proof
from allotment.kernel.errors import Invalid

PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
AT = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
ORIGIN = "allotment/journal/0011223344556677"


def test_the_example_of_go_opens() -> None:
    note = open_note(NOTE, [Verifier.parse(PUBLIC)])
    assert note.text == TEXT
    assert [one.by.name for one in note.signatures] == ["PeterNeumann"]


def test_signing_gives_the_example_of_go_byte_for_byte() -> None:
    assert sign_note(TEXT, [Signer.parse(PRIVATE)]) == NOTE


def test_keys_are_written_as_they_were_read() -> None:
    assert Verifier.parse(PUBLIC).text == PUBLIC
    signer = Signer.parse(PRIVATE)
    assert signer.private_text() == PRIVATE
    assert signer.verifier.text == PUBLIC


def test_the_example_key_of_go_for_another_example_is_read() -> None:
    sum_golang = Verifier.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert sum_golang.key_id.hex() == "033de0ae"


def test_every_changed_byte_of_a_note_is_caught() -> None:
    original = NOTE.encode()
    for position in range(len(original)):
        changed = bytearray(original)
        changed[position] ^= 1
        try:
            text = changed.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(Invalid):
            open_note(text, [Verifier.parse(PUBLIC)])


def test_a_signature_of_an_unknown_key_is_ignored_beside_a_known_one() -> None:
    stranger = Signer.generate("stranger")
    note = sign_note(TEXT, [stranger, Signer.parse(PRIVATE)])
    assert [one.by.name for one in open_note(note, [Verifier.parse(PUBLIC)]).signatures] == ["PeterNeumann"]


def test_a_note_by_unknown_keys_alone_is_refused() -> None:
    with pytest.raises(Invalid, match="None of the known keys"):
        open_note(NOTE, [Signer.generate("PeterNeumann").verifier])


def test_a_key_of_the_same_name_and_id_must_really_have_signed() -> None:
    wrong = NOTE.replace("x08go/ZJkuBS9UG", "x08go/ZJkuBS9UH")
    with pytest.raises(Invalid, match="does not belong to this text"):
        open_note(wrong, [Verifier.parse(PUBLIC)])


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        NOTE.rstrip("\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— PeterNeumann ", "— "),
        NOTE.replace("=\n", "\n"),
        NOTE + "more\n",
        NOTE.replace("If", "\x01f"),
        TEXT + "\n" + "— PeterNeumann x08go/ZJkuA=\n" * 101,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(Invalid):
        open_note(note, [Verifier.parse(PUBLIC)])


@pytest.mark.parametrize(
    "key",
    [
        "",
        "PeterNeumann",
        PUBLIC[:-4],
        PUBLIC.replace("c74f20a3", "c74f20a4"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PUBLIC.replace("Peter", "Peter "),
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="cannot be used"):
        Verifier.parse(key)
    with pytest.raises(Invalid, match="cannot be used"):
        Signer.parse(f"PRIVATE+KEY+{key}")


def test_a_text_that_no_note_can_hold_is_not_signed() -> None:
    for text in ("without an end", "with a\ttab\n"):
        with pytest.raises(Invalid, match="not a signed note"):
            sign_note(text, [Signer.parse(PRIVATE)])


def test_a_checkpoint_is_signed_plainly_and_with_the_time_by_one_key() -> None:
    signer = Signer.generate(ORIGIN)
    checkpoint = Checkpoint(ORIGIN, 7, EMPTY_ROOT)
    note = sign_checkpoint(checkpoint, [signer], AT + timedelta(microseconds=7))
    opened = open_checkpoint(note, [signer.verifier])
    assert opened.checkpoint == checkpoint
    assert opened.at == AT
    assert opened.signed_by == (signer.verifier,)
    assert note.count("\n— ") == 2


def test_the_time_of_a_checkpoint_cannot_be_changed() -> None:
    signer = Signer.generate(ORIGIN)
    checkpoint = Checkpoint(ORIGIN, 7, EMPTY_ROOT)
    plain, timed = (sign_note(checkpoint.text, [form]) for form in (signer, signer.at(AT)))
    verifier = signer.verifier.of_kind(TIMESTAMPED)
    signature = bytearray(signer.at(AT).sign(checkpoint.text))
    signature[7] ^= 1
    assert verifier.verify(checkpoint.text, bytes(signature)) is None
    for half in (plain, timed):
        with pytest.raises(Invalid, match="both plainly and with the time"):
            open_checkpoint(half, [signer.verifier])


def test_a_checkpoint_may_be_signed_by_an_old_and_a_new_key() -> None:
    old, new = Signer.generate(ORIGIN), Signer.generate(ORIGIN)
    note = sign_checkpoint(Checkpoint(ORIGIN, 7, EMPTY_ROOT), [old, new], AT)
    opened = open_checkpoint(note, [new.verifier, old.verifier])
    assert set(opened.signed_by) == {old.verifier, new.verifier}
    assert open_checkpoint(note, [old.verifier]).signed_by == (old.verifier,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        f"{ORIGIN}\n-7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        f"{ORIGIN}\n7\n47DEQpj8HBSa\n",
        f"{ORIGIN}\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n",
        "\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not a checkpoint"):
        Checkpoint.parse(text)


def test_a_checkpoint_can_be_read_before_it_is_checked() -> None:
    checkpoint = Checkpoint(ORIGIN, 7, EMPTY_ROOT)
    assert read_checkpoint(sign_checkpoint(checkpoint, [Signer.generate("anybody")], AT)) == checkpoint


def test_a_proof_file_reads_back() -> None:
    proof = ProofFile(5, (EMPTY_ROOT, bytes(32)), NOTE)
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\nindex 5\n47DEQ")
    assert read_proof(proof.text) == proof
    assert read_proof(ProofFile(0, (), NOTE).text) == ProofFile(0, (), NOTE)
    assert read_proof(proof.text.replace("index", "extra AAAA\nindex")) == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 5", "index 05"),
        ("index 5", "index -5"),
        ("index 5\n", ""),
        ("47DEQpj8", "47DEQpj"),
        ("\n\n", "\n"),
    ],
)
def test_a_malformed_proof_file_is_refused(old: str, new: str) -> None:
    text = ProofFile(5, (EMPTY_ROOT,), "a\n").text.replace(old, new)
    with pytest.raises(Invalid, match="not a proof"):
        read_proof(text)
