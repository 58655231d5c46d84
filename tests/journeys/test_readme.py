"""The README's commands work in a clean copy of the repository.

The copy holds what is under version control, and nothing else. Installing its packages takes minutes and a network,
so the copy borrows the environment the tests run in: `VENV` names a folder whose parts are links into that environment
and whose stamps say “installed”. Its own source comes first on the path, so it is the copy that runs. `.ci/run` is
what installs from nothing. The practice model cannot be fetched, which must not keep anything else from starting.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, relative, tracked
from tests.serving import free_port

PATIENCE_SECONDS = 200
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"http://\S+/set-up/\S+")


def blocks(section: str) -> list[list[str]]:
    """Return the commands of each fenced block in a section of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    inside = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [
        [line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()]
        for block in FENCE.findall(inside)
    ]


class Copy:
    """A clean copy of the repository, with a home and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "allotment"
        self.port = free_port()
        for path in tracked():
            target = self.root / relative(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        venv = folder / "venv"
        venv.mkdir()
        for part in ("bin", "lib", "pyvenv.cfg"):
            (venv / part).symlink_to(Path(sys.prefix) / part)
        for stamp in ("run.stamp", "check.stamp"):
            (venv / stamp).touch()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ALLOTMENT_", "MAKE"))
        }
        self.environment = {
            **kept,
            "ALLOTMENT_HOME": str(folder / "home"),
            "ALLOTMENT_PORT": str(self.port),
            "MAKEFLAGS": f"VENV={venv}",
            "PYTHONPATH": str(self.root / "src"),
            "PIP_INDEX_URL": "http://127.0.0.1:9/",  # nobody listens: nothing may be fetched here
            "PIP_RETRIES": "0",
        }
        self.venv = venv

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the README in the copy."""
        return subprocess.run(
            ["bash", "-c", command.replace(".venv", str(self.venv))],
            cwd=self.root,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def start(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a command that goes on running, in a process group of its own."""
        with log.open("wb") as output:
            return subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.root,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A clean copy."""
    return Copy(tmp_path)


@pytest.fixture
def started(copy: Copy, tmp_path: Path) -> Iterator[tuple[Copy, str]]:
    """The copy, started as the README says, and what it printed until it answered."""
    ((command,), *_) = blocks("Start")
    process = copy.start(command, tmp_path / "log")
    try:
        yield copy, _printed_until_it_answers(process, copy.port, tmp_path / "log")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _printed_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answer(f"http://127.0.0.1:{port}/health") == "ok":
            return log.read_text(encoding="utf-8")
        time.sleep(0.2)
    pytest.fail(f"it did not start:\n{log.read_text(encoding='utf-8')}")


def _answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return str(answer.read().decode())
    except OSError:
        return ""


def test_the_first_command_starts_a_server_and_prints_a_set_up_link(started: tuple[Copy, str]) -> None:
    copy, printed = started
    assert f"http://127.0.0.1:{copy.port}" in printed
    link = LINK.search(printed)
    assert link is not None, printed
    assert "practice model is not installed" in printed  # it could not be fetched, and everything else works
    assert "password" in _answer(link.group()).lower()
    assert copy.run(".venv/bin/python -c 'import allotment; print(allotment.__file__)'").stdout.startswith(
        str(copy.root)
    )


def test_the_commands_of_the_command_line_work(copy: Copy) -> None:
    copy.environment["ALLOTMENT_SCRIPTED_MODEL"] = "1"
    planted = copy.run(".venv/bin/python -m tests.planting")
    assert planted.returncode == 0, planted.stderr
    ((*commands,),) = blocks("The command line")
    assert len(commands) == 7
    for command in commands:
        who = " --as maker@example.org" if re.search(r" (run|templates) ", command) else ""
        ran = copy.run(command + who)
        wrong = ran.returncode not in ({0, 1} if command.endswith("doctor") else {0})
        assert not wrong, f"{command}\n{ran.stdout}{ran.stderr}"


def test_the_targets_of_make_exist(copy: Copy) -> None:
    listed = copy.run("make").stdout
    for block in [*blocks("Start"), *blocks("Work on it")]:
        for command in block:
            assert f"\n{command.removeprefix('make ')} " in f"\n{listed}", command
