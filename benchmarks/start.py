"""How fast the server and the command line start, and how much memory the server holds."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.browsing import Visitor
from benchmarks.filling import Filled, fill
from benchmarks.findings import Finding, Measured
from benchmarks.progress import say
from benchmarks.serving import environment, serving

WORDS = "A small installation, started anew for each line."
_HELPS = 7
_PAGES = ("/", "/apps/", "/starters/", "/templates/", "/models/", "/people/", "/journal/")


def measure(folder: Path, weights: Path) -> Measured:
    """Measure start and memory in a small installation; `weights` are the practice model's."""
    home = folder / "small"
    # Filled without the scripted provider, so that the practice model is the one that answers.
    filled = fill(home, apps=10, runs=100, scripted=False)
    say("starting three times, then with and without the practice model")
    return Measured(
        [
            *_starts(home),
            _without_model(home, filled),
            _with_model(home, filled, weights),
            _help(home),
        ]
    )


def _starts(home: Path) -> list[Finding]:
    seconds = []
    for _ in range(3):
        with serving(home, scripted=False) as server:
            seconds.append(server.seconds_to_start)
    what = "Start of the process to the first answer of /health"
    return [Finding(what, statistics.median(seconds), "s", 5, "median of 3")]


def _without_model(home: Path, filled: Filled) -> Finding:
    with serving(home, scripted=False) as server:
        visitor = Visitor.signed_in(server.port, filled.people[0], filled.password)
        for page in _PAGES:
            visitor.get(page)
        resident = server.resident_megabytes()
    return Finding(
        "Resident memory without the practice model",
        resident,
        "MB",
        300,
        f"signed in, {len(_PAGES)} pages opened",
    )


def _with_model(home: Path, filled: Filled, weights: Path) -> Finding:
    what = "Resident memory with the practice model"
    if not weights.is_file():
        return Finding(what, None, "MB", 800, "the practice model is not installed; `make model` fetches it")
    folder = home / "models"
    folder.mkdir(exist_ok=True)
    (folder / weights.name).symlink_to(weights.resolve())
    with serving(home, scripted=False) as server:
        visitor = Visitor.signed_in(server.port, filled.people[0], filled.password)
        models = visitor.get("/models/").text
        answer = visitor.submit(f"/apps/{filled.app}/", filled.fields)
        list(visitor.follow(f"/events{answer.location}"[:-1]))
        asked = visitor.get(answer.location).text
        resident = server.resident_megabytes()
    if "Practice model" not in asked or "Practice model" not in models:
        return Finding(what, None, "MB", 800, "the run was not answered by the practice model")
    return Finding(what, resident, "MB", 800, "after one run, its child process included")


def _help(home: Path) -> Finding:
    seconds = []
    for _ in range(_HELPS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "allotment", "--help"],
            env=environment(home),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds.append(time.perf_counter() - started)
    return Finding("`allotment --help`", statistics.median(seconds), "s", 0.5, f"median of {_HELPS}")
