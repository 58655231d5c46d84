"""Files are found whole, whatever happens while they are written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from allotment.kernel.files import READABLE, keep_once, replace_file


@pytest.fixture(params=[keep_once, replace_file], ids=lambda write: write.__name__)
def write(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    found: Callable[[Path, bytes], None] = request.param
    return found


def test_what_is_written_is_private_unless_said_otherwise(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    write(tmp_path / "key", b"secret")
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    replace_file(tmp_path / "key", b"public", mode=READABLE)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o644


def test_whoever_comes_first_wins(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        keep_once(tmp_path / "key", content)
    assert (tmp_path / "key").read_bytes() == b"first"
    replace_file(tmp_path / "key", b"third")
    assert (tmp_path / "key").read_bytes() == b"third"
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_a_disk_that_fills_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "there").write_bytes(b"first")
    monkeypatch.setattr(os, "fsync", full)
    for name in ("there", "new"):
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / name, b"second")
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"there": b"first"}


def test_the_folder_is_synced_after_the_name_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]
) -> None:
    synced, sync = list[tuple[Path, bool]](), os.fsync

    def noted(descriptor: int) -> None:
        what = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((what, (tmp_path / "key").exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write(tmp_path / "key", b"secret")
    (file, was_there), folder = synced
    assert file.parent == tmp_path
    assert not was_there
    assert folder == (tmp_path, True)
