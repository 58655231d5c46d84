"""Private folders: gone after use, and after a process that was killed."""

import os
import stat

from allotment.kernel.private_folders import private_folder, remove_left_behind


def test_a_folder_is_private_and_gone_after_use() -> None:
    with private_folder() as folder:
        (folder / "rows").write_text("secret")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert not folder.exists()


def test_what_a_killed_process_left_behind_goes_and_what_is_in_use_stays() -> None:
    with private_folder() as in_use:
        old = in_use.parent / "left-behind"
        old.mkdir()
        (old / "rows").write_text("secret")
        os.utime(old, (0, 0))
        assert remove_left_behind() == 1
        assert not old.exists()
        assert in_use.exists()
