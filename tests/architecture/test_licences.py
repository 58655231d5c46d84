"""What is installed at run time: under which licence, how much of it, and from which bytes."""

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PERMISSIVE = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
}
NAMED_EXCEPTIONS = {
    # DBOS needs psycopg, and it is Django's way to PostgreSQL. The LGPL asks that people can replace the library;
    # it is an unchanged, separately installed wheel, so they can.
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
}
SAYS_NOTHING_ITSELF = {
    # Its metadata name no licence; the LICENSE file inside the wheel is Apache 2.0.
    "cedarpy": "Apache-2.0",
}
MOST_DIRECT = 35
_WORDS_FOR = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Locked:
    """One line of a lock file."""

    name: str
    version: str
    hashes: int


def locked(text: str) -> list[Locked]:
    """Return the packages of a lock file."""
    return [Locked(name, version, len(_HASH.findall(rest))) for name, version, rest in _LOCKED.findall(text)]


def wanted(part: str) -> set[str]:
    """Return the packages we ask for ourselves."""
    lines = (ROOT / "requirements" / f"{part}.in").read_text(encoding="utf-8").splitlines()
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line and line[0] not in "#-")
    return {name.group().lower() for name in names if name}


def licences_of(name: str) -> set[str]:
    """Return the licences a package is under, as SPDX ids; for `A OR B` both."""
    described = metadata.metadata(name)
    text = described.get("License-Expression") or ""
    if not text:
        classified = [
            entry for entry in described.get_all("Classifier") or [] if entry.startswith("License ::")
        ]
        text = (
            " AND ".join(entry.rpartition(" :: ")[2] for entry in classified)
            or described.get("License")
            or ""
        )
    words = re.split(r"\s+(?:AND|OR)\s+", text.strip("() "))
    return {_WORDS_FOR.get(word, word) for word in words if word} or {
        SAYS_NOTHING_ITSELF.get(name, "unknown")
    }


def is_allowed(name: str, licences: set[str]) -> bool:
    """Whether we may ship a package under these licences."""
    return bool(licences) and licences <= PERMISSIVE | {NAMED_EXCEPTIONS.get(name, "MIT")}


RUN = locked((ROOT / "requirements" / "run.txt").read_text(encoding="utf-8"))
DIRECT = wanted("run")


def test_every_licence_is_permissive_or_a_named_exception() -> None:
    found = {one.name: licences_of(one.name) for one in RUN}
    assert {name: licences for name, licences in found.items() if not is_allowed(name, licences)} == {}


def test_exceptions_are_still_needed() -> None:
    assert (set(NAMED_EXCEPTIONS) | set(SAYS_NOTHING_ITSELF)) - {one.name for one in RUN} == set()


def test_direct_dependencies_stay_few() -> None:
    assert len(DIRECT) <= MOST_DIRECT


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_locked_package_carries_a_hash(path: Path) -> None:
    packages = locked(path.read_text(encoding="utf-8"))
    assert packages != []
    assert [one.name for one in packages if not one.hashes] == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_names_no_other_source(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("-", "git+", "http:", "https:"))] == []


def test_everything_asked_for_is_locked() -> None:
    assert DIRECT - {one.name.lower() for one in RUN} == set()


def test_the_page_of_dependencies_agrees_with_the_lock() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [
        tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in page.splitlines() if "|" in line
    ]
    listed = {row[:3] for row in rows if len(row) >= 4}
    there = {(one.name, one.version, ", ".join(sorted(licences_of(one.name)))) for one in RUN}
    assert there - listed == set(), "docs/dependencies.md lacks these rows (name, version, licence)"
    assert {row[0] for row in listed} - {one.name for one in RUN} - {"Package", "---"} == set()


def test_planted_licences_are_found() -> None:
    assert not is_allowed("planted", {"GPL-3.0-only"})
    assert not is_allowed("planted", {"LGPL-3.0-only"})
    assert not is_allowed("planted", {"MIT", "AGPL-3.0-or-later"})
    assert not is_allowed("planted", {"unknown"})
    assert not is_allowed("planted", set())
    assert is_allowed("psycopg", {"LGPL-3.0-only"})


def test_a_planted_package_without_hash_is_found() -> None:
    text = "good==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\nbad==2.0\n    # via good\n"
    assert locked(text) == [Locked("good", "1.0", 1), Locked("bad", "2.0", 0)]
