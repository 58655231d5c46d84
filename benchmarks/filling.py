"""Filling an installation from outside, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import environment


@dataclass(frozen=True)
class Filled:
    """Who may sign in to a filled installation, and the app that is measured."""

    password: str
    people: list[str]
    """E-mail addresses; everybody holds every role."""
    app: str
    run: str
    fields: dict[str, str]
    """The app's form, filled in."""


def fill(home: Path, *, apps: int, runs: int, scripted: bool = True) -> Filled:
    """Fill the installation in `home` with that many apps and past runs."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.populating", str(apps), str(runs)],
        env=environment(home, scripted=scripted),
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    return Filled(**json.loads(told.splitlines()[-1]))
