"""Names that say something, modules that say what they own, and no traces of anybody's machine."""

import ast
import re
from pathlib import PurePosixPath

from tests.architecture.source import ROOT, Module, modules, planted, relative, tracked

BANNED = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "manager",
    "managers",
    "misc",
    "core",
    "base",
    "service",
}
SOMEBODYS_MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|root|work|Users)/\w"  # an absolute path of a person's or a build machine
    r"|(?:^|[\s\"'`(])(?:\./|/)?\.(?:library|idea|vscode)/"  # a tool's own folder
)
_TEXT = {".py", ".md", ".toml", ".txt", ".in", ".yaml", ".yml", ".html", ".css", ".js", ".cedar", ""}


def banned_names(path: str) -> set[str]:
    """Return the parts of a Python module's path that say nothing."""
    parts = [
        part for name in PurePosixPath(path).with_suffix("").parts for part in name.strip("_").split("_")
    ]
    return BANNED & set(parts)


def is_silent(module: Module) -> bool:
    """Whether a module has code but no docstring. An empty `__init__.py` owns nothing and may stay silent."""
    return bool(module.tree.body) and not ast.get_docstring(module.tree)


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    found = {module.path: names for module in modules("src", "tests") if (names := banned_names(module.path))}
    assert found == {}


def test_every_module_says_what_it_owns() -> None:
    assert [module.path for module in modules("src", "tests") if is_silent(module)] == []


def test_no_file_names_somebodys_machine() -> None:
    found = []
    for path in tracked():
        if path.suffix in _TEXT and "static" not in path.relative_to(ROOT).parts[:2]:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{relative(path)}: {match.group()}" for match in SOMEBODYS_MACHINE.finditer(text)]
    assert found == []


def test_planted_names_are_found() -> None:
    assert banned_names("src/allotment/runs/utils.py") == {"utils"}
    assert banned_names("src/allotment/common/reading.py") == {"common"}
    assert banned_names("src/allotment/runs/date_helpers.py") == {"helpers"}
    assert banned_names("src/allotment/runs/database.py") == set()
    assert is_silent(planted("X = 1\n"))
    assert not is_silent(planted('"""Owns X."""\n\nX = 1\n'))


def test_planted_paths_are_found() -> None:
    for text in ("see /" + "home/ann/notes", "`/" + "work/main`", "cat ./." + "idea/x"):
        assert SOMEBODYS_MACHINE.search(text), text
    for text in ("https://example.org/home/ann", "src/allotment/work/x", "pages.library"):
        assert not SOMEBODYS_MACHINE.search(text), text
