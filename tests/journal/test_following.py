"""Servers with homes of their own: each keeps what the others signed, so that none is shown a journal cut short."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from allotment.journal import following, growing, leading, signing
from allotment.journal.following import Follower
from allotment.journal.models import JournalCheckpoint
from allotment.journal.sequencing import begin_again, sequence_now, state
from allotment.journal.tree.checkpoints import read_checkpoint
from allotment.journal.verifying import Outside, verify
from allotment.kernel.errors import Conflict
from allotment.kernel.settings import settings
from tests.journal.conftest import empty_tables, record
from tests.journal.tree.growing import tamper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bare")]

Turn = Callable[[Path], None]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.0)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Do what follows on the server with this home and key file."""

    def turn(home: Path) -> None:
        home.mkdir(exist_ok=True)
        made = replace(settings(), home=home, journal_key_file=home / "journal.key")
        for module in (growing, leading, signing):
            monkeypatch.setattr(module, "settings", lambda: made)

    return turn


def sign(count: int = 5) -> None:
    record(count)
    assert sequence_now().trouble == ""


def follow(looks: int = 2) -> None:
    follower = Follower()
    for _ in range(looks):
        follower.look()


def copy(name: str, source: Path, into: Path) -> None:
    (into / name).write_text((source / name).read_text())
    (into / name).chmod(0o600)


def kept() -> int:
    note = signing.read_outside()
    return 0 if note is None else read_checkpoint(note).size


@pytest.fixture
def other(bare: Path, tmp_path_factory: pytest.TempPathFactory, on: Turn) -> Path:
    """The home of a second server, which got the key before it ever led."""
    sign()
    home = tmp_path_factory.mktemp("other")
    copy("journal.key", bare, home)
    return home


def test_a_server_that_never_led_keeps_what_another_signed(bare: Path, other: Path, on: Turn) -> None:
    on(other)
    follow()
    assert kept() == 5
    assert verify(Outside.read(other)).problems == ()
    assert (other / "journal.vkeys").read_text() == (bare / "journal.vkeys").read_text()


def test_a_server_that_follows_sees_that_the_end_was_cut_off_and_does_not_sign_on(
    bare: Path, other: Path, on: Turn
) -> None:
    sign()
    on(other)
    follow()
    tamper(
        ("DELETE FROM journal_entry WHERE ticket IN (SELECT entry FROM journal_leaf WHERE number >= 5)",),
        ("DELETE FROM journal_leaf WHERE number >= 5",),
        ("DELETE FROM journal_checkpoint WHERE size > 5",),
    )
    assert not verify(Outside.read(other)).is_sound
    assert "older than what was signed" in state().trouble
    record(3)
    assert "older than what was signed" in sequence_now().trouble
    assert JournalCheckpoint.objects.count() == 1


def test_keys_that_changed_elsewhere_are_published_in_their_order(bare: Path, other: Path, on: Turn) -> None:
    on(other)
    follow()
    on(bare)
    for _ in range(2):
        signing.rotate(None)
        sign()
        sign()
    copy("journal.key", bare, other)
    on(other)
    follow()
    assert kept() == 27
    sign()
    assert signing.published() == tuple((bare / "journal.vkeys").read_text().split())
    assert verify(Outside.read(other)).problems == ()


def test_a_server_that_leads_again_publishes_the_keys_between(bare: Path, other: Path, on: Turn) -> None:
    """It led with the first key, and not while the second was in force."""
    on(other)
    sign()
    on(bare)
    for _ in range(2):
        signing.rotate(None)
        sign()
    copy("journal.key", bare, other)
    on(other)
    sign()
    assert signing.published() == tuple((bare / "journal.vkeys").read_text().split())
    assert verify(Outside.read(other)).problems == ()


def test_a_beginning_anew_elsewhere_is_followed_once_the_new_key_is_here(
    bare: Path, other: Path, on: Turn
) -> None:
    on(other)
    follow()
    on(bare)
    sign()
    (bare / "journal.key").unlink()
    begin_again("the key is lost", None)
    sign()
    on(other)
    follow()
    assert kept() == 10  # what the old key signed is still believed
    copy("journal.key", bare, other)
    follow()
    assert kept() == 16
    assert verify(Outside.read(other)).problems == ()


def test_what_does_not_go_on_from_what_is_kept_is_not_kept(bare: Path, other: Path, on: Turn) -> None:
    """Somebody wrote the journal anew where the key is, and signed it."""
    on(other)
    follow()
    before = signing.read_outside()
    on(bare)
    empty_tables()
    (bare / "journal.checkpoint").unlink()
    sign(8)
    on(other)
    with pytest.raises(Conflict, match="differs from what was signed over the first 5"):
        follow()
    assert signing.read_outside() == before
    assert "differs from what was signed" in state().trouble


def test_the_file_of_a_home_that_is_shared_is_left_to_the_process_that_leads(bare: Path) -> None:
    """It is behind the database for a moment, whenever something was signed."""
    sign()
    follower = Follower()
    for _ in range(3):
        before = signing.read_outside()
        sign()
        now = signing.read_outside()
        signing.checkpoint_file().write_text(before or "")
        follower.look()
        assert signing.read_outside() == before
        signing.checkpoint_file().write_text(now or "")
    follower.look()
    assert signing.read_outside() == now


def test_following_makes_no_key(bare: Path, on: Turn, tmp_path_factory: pytest.TempPathFactory) -> None:
    sign()
    empty = tmp_path_factory.mktemp("empty")
    on(empty)
    follow()
    assert list(empty.iterdir()) == []
