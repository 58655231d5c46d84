"""Keys are made once, stay private, and hand over to the next in the tree that both sign."""

import pytest

from allotment.journal import signing
from allotment.journal.models import JournalCheckpoint, JournalEntry
from allotment.journal.recording import note
from allotment.journal.sequencing import Sequencer, begin_again, sequence_now, state
from allotment.journal.tree.checkpoints import open_checkpoint
from allotment.journal.tree.keyrings import KeyRing
from allotment.journal.tree.notes import Signer, Verifier
from allotment.journal.verifying import Outside, verify
from allotment.kernel.errors import Conflict, Misconfigured
from tests.journal.tree.growing import tamper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]


def see() -> None:
    note("apps.see", actor=None, object_kind="test", object_id="x")


def published(home) -> list[Verifier]:
    return [Verifier.parse(line) for line in (home / "journal.vkeys").read_text().split()]


def test_the_first_key_is_made_with_the_first_signature(bare):
    see()
    sequence_now()
    assert (bare / "journal.key").stat().st_mode & 0o777 == 0o600
    (key,) = published(bare)
    assert key.name.startswith("allotment/journal/")
    assert len(key.name.rpartition("/")[2]) == 16
    signed = KeyRing([key]).open(JournalCheckpoint.objects.get().note)
    assert signed.checkpoint.origin == key.name
    assert int(signed.at.timestamp()) == int(JournalCheckpoint.objects.get().at.timestamp())


def test_the_key_is_read_again_not_made_anew():
    assert signing.read_keys().current.verifier == signing.read_keys().current.verifier


def test_both_keys_sign_the_change_and_only_the_new_one_after_it(bare):
    see()
    sequence_now()
    ticket = signing.rotate(None)
    assert JournalEntry.objects.get(ticket=ticket).action == "journal.rotate-key"
    sequence_now()
    see()
    sequence_now()
    old, new = published(bare)
    assert old.name == new.name
    before, change, after = JournalCheckpoint.objects.values_list("note", flat=True)
    assert open_checkpoint(before, [old, new]).signed_by == (old,)
    assert set(open_checkpoint(change, [old, new]).signed_by) == {old, new}
    assert open_checkpoint(after, [old, new]).signed_by == (new,)
    assert (bare / "journal.key").read_text().count("PRIVATE") == 1
    assert (bare / "journal.key").stat().st_mode & 0o777 == 0o600
    assert verify(Outside.read(bare)).is_sound


def test_keys_can_be_changed_again_and_again(bare):
    for _ in range(3):
        signing.rotate(None)
        sequence_now()
    assert len(published(bare)) == 4
    assert verify(Outside.read(bare)).is_sound


def test_a_change_that_was_cut_off_after_the_signature_ends_with_the_new_key(bare):
    signing.rotate(None)
    both = (bare / "journal.key").read_text()
    sequence_now()
    (bare / "journal.key").write_text(both)
    see()
    assert sequence_now().trouble == ""
    assert (bare / "journal.key").read_text() == both.splitlines(keepends=True)[1]
    assert verify(Outside.read(bare)).is_sound


def test_a_change_that_was_cut_off_before_its_entry_can_be_made_again(bare):
    current = signing.read_keys().current
    left = Signer.generate(current.verifier.name)
    (bare / "journal.key").write_text(f"{current.private_text()}\n{left.private_text()}\n")
    see()
    sequence_now()
    assert published(bare) == [current.verifier]
    signing.rotate(None)
    sequence_now()
    assert published(bare) == [current.verifier, left.verifier]


@pytest.fixture
def mounted(bare, monkeypatch):
    """A key file that is a mount of its own: its text can be changed, and nothing can take its place."""
    replace_file = signing.replace_file

    def refuses(path, text, **how):
        if path.name == "journal.key":
            raise OSError(16, "Device or resource busy")
        replace_file(path, text, **how)

    signing.read_keys()
    monkeypatch.setattr(signing, "replace_file", refuses)
    return bare / "journal.key"


def put_second_line(key_file) -> Signer:
    """Write the key in force and another, as somebody does who rules the mounted file."""
    current = Signer.parse(key_file.read_text().split()[-1])
    following = Signer.generate(current.verifier.name)
    key_file.write_text(f"{current.private_text()}\n{following.private_text()}\n")
    return following


def test_a_mounted_key_file_gets_its_second_line_from_somebody_else(bare, mounted):
    for changes in (1, 2):
        following = put_second_line(mounted)
        signing.rotate(None)
        sequence_now()
        see()
        assert sequence_now().trouble == ""
        newest = JournalCheckpoint.objects.last().note
        assert open_checkpoint(newest, published(bare)).signed_by == (following.verifier,)
        assert mounted.read_text().count("PRIVATE") == 2
        assert len(published(bare)) == changes + 1
    assert verify(Outside.read(bare)).is_sound


def test_a_mounted_key_file_without_a_new_key_is_told_what_it_should_hold(bare, mounted):
    put_second_line(mounted)
    signing.rotate(None)
    with pytest.raises(Conflict, match="being changed already"):
        signing.rotate(None)
    sequence_now()
    with pytest.raises(Misconfigured, match="cannot be written") as refusal:
        signing.rotate(None)
    assert "A key that was replaced must not stand there" in refusal.value.hint


def test_several_servers_change_their_key_once_each_has_the_new_one(bare):
    """As docs/operating.md says: the new key is the second line of every key file first; each file is a copy."""
    current = signing.read_keys().current
    following = Signer.generate(current.verifier.name)
    both = f"{current.private_text()}\n{following.private_text()}\n"
    (bare / "journal.key").write_text(both)
    signing.rotate(None)  # on one server
    sequence_now()  # by another
    assert (bare / "journal.key").read_text() == f"{following.private_text()}\n"
    (bare / "journal.key").write_text(both)  # a third leads from now on
    see()
    assert sequence_now().trouble == ""
    assert (bare / "journal.key").read_text() == f"{following.private_text()}\n"
    assert verify(Outside.read(bare)).is_sound


def test_a_server_without_the_new_key_signs_on_and_leaves_the_change_to_one_that_has_it(bare):
    see()
    sequence_now()
    old = (bare / "journal.key").read_text()
    ticket = signing.rotate(None)  # on one server
    both = (bare / "journal.key").read_text()
    (bare / "journal.key").write_text(old)  # another leads
    other = Sequencer()
    for size in (2, 3):
        see()
        other.round(is_last=True)
        assert f"Entry {ticket} would hand the journal over" in other.failure.message
        assert JournalCheckpoint.objects.last().size == size
    (bare / "journal.key").write_text(both)  # and is given the new key
    other.round(is_last=True)
    other.give_up()
    assert other.failure is None
    newest = JournalCheckpoint.objects.last().note
    assert len(open_checkpoint(newest, published(bare)).signed_by) == 2
    assert verify(Outside.read(bare)).is_sound


def test_a_second_change_before_the_first_is_signed_is_refused():
    signing.rotate(None)
    with pytest.raises(Conflict, match="being changed already"):
        signing.rotate(None)


def test_a_key_file_that_cannot_be_written_is_told(monkeypatch):
    def read_only(*_args: object, **_kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    signing.read_keys()
    monkeypatch.setattr(signing, "replace_file", read_only)
    with pytest.raises(Misconfigured, match="Read-only file system") as refusal:
        signing.rotate(None)
    assert "second line" in refusal.value.hint
    assert not JournalEntry.objects.exists()


def test_a_replaced_key_signs_nothing_beyond_its_change(bare):
    old = signing.read_keys().current
    signing.rotate(None)
    sequence_now()
    see()
    (bare / "journal.key").write_text(old.private_text())
    assert "was replaced by another" in sequence_now().trouble
    assert JournalCheckpoint.objects.count() == 1


@pytest.mark.parametrize("content", ["", "one two three", "PRIVATE+KEY+a+00000000+AAAA"])
def test_a_key_file_that_is_no_key_is_told(bare, content):
    (bare / "journal.key").write_text(content)
    (bare / "journal.key").chmod(0o600)
    with pytest.raises(Misconfigured, match="cannot be used"):
        signing.read_keys()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_can_read_or_change_is_refused_with_the_remedy(bare, mode):
    see()
    sequence_now()
    (bare / "journal.key").chmod(mode)
    with pytest.raises(Misconfigured, match=r"Others can read or change .*journal\.key") as refusal:
        signing.read_keys()
    assert f"chmod 600 {bare / 'journal.key'}" in refusal.value.hint
    see()
    assert sequence_now().trouble == refusal.value.message
    with pytest.raises(Misconfigured, match="Others can read"):
        begin_again("a key that others can read is not lost", None)
    (bare / "journal.key").chmod(0o600)
    assert sequence_now().trouble == ""


def test_a_stricter_mode_is_fine(bare):
    signing.read_keys()
    (bare / "journal.key").chmod(0o400)
    assert signing.read_keys()


def test_a_mounted_key_of_somebody_else_may_be_read_by_a_group(bare, monkeypatch):
    signing.read_keys()
    monkeypatch.setattr(signing.os, "geteuid", lambda: 12345)
    (bare / "journal.key").chmod(0o440)
    assert signing.read_keys()
    (bare / "journal.key").chmod(0o444)
    with pytest.raises(Misconfigured, match="Others can read"):
        signing.read_keys()


def test_looking_at_the_state_makes_no_key(bare):
    see()
    sequence_now()
    (bare / "journal.key").unlink()
    tamper(("DELETE FROM journal_checkpoint",))
    assert "is missing" in state().trouble
    assert not (bare / "journal.key").exists()


def test_a_key_file_that_cannot_be_used_is_kept_before_another_is_written(bare):
    see()
    sequence_now()
    damaged = (bare / "journal.key").read_text() + "PRIVATE+KEY+typo\n"
    (bare / "journal.key").write_text(damaged)
    begin_again("it cannot be read", None)
    assert sequence_now().trouble == ""
    (aside,) = bare.glob("journal.key.*")
    assert aside.read_text() == damaged
    assert aside.stat().st_mode & 0o777 == 0o600


def test_the_key_of_another_journal_is_kept_before_another_is_written(bare):
    see()
    sequence_now()
    other = Signer.generate("allotment/journal/0000000000000000").private_text()
    (bare / "journal.key").write_text(other)
    begin_again("the key is lost", None)
    (aside,) = bare.glob("journal.key.*")
    assert aside.read_text() == other
