"""What the architecture tests look at: the files of the repository, and Python as trees."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "allotment"
_SKIPPED = {"__pycache__", "node_modules"}


@dataclass(frozen=True)
class Module:
    """One Python file: its path inside the repository, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def feature(self) -> str:
        """The package below `allotment` it belongs to."""
        return self.path.removeprefix("src/allotment/").partition("/")[0].removesuffix(".py")


def planted(text: str, path: str = "src/allotment/runs/planted.py") -> Module:
    """Return a module that is nowhere on disk, to show that a check can fail."""
    return Module(path, text, ast.parse(text))


def files(*endings: str, below: tuple[str, ...] = ("src", "tests")) -> list[Path]:
    """Return the files with these endings, sorted."""
    return sorted(
        path
        for folder in below
        for path in (ROOT / folder).rglob("*")
        if path.suffix in endings and not _SKIPPED & set(path.parts)
    )


def modules(*below: str) -> list[Module]:
    """Return every Python file below these folders of the repository; migrations are Django's writing."""
    found = []
    for path in files(".py", below=below or ("src",)):
        if "migrations" not in path.parts:
            text = path.read_text(encoding="utf-8")
            found.append(Module(relative(path), text, ast.parse(text)))
    return found


def tracked() -> list[Path]:
    """Return the files under version control; outside a repository, everything a copy of it holds."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=False, capture_output=True, text=True
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
        return [path for path in paths if path.is_file()]
    tops = ("src", "tests", "docs", "requirements", "benchmarks")
    return [path for path in _walk(tops) if path.is_file()]


def _walk(tops: tuple[str, ...]) -> Iterator[Path]:
    yield from ROOT.glob("*.*")
    for top in tops:
        yield from (path for path in (ROOT / top).rglob("*") if "__pycache__" not in path.parts)


def relative(path: Path) -> str:
    """Return a path as it is written inside the repository."""
    return path.relative_to(ROOT).as_posix()


def place(module: Module, node: ast.AST) -> str:
    """Return where something stands, for the message of a failure."""
    return f"{module.path}:{getattr(node, 'lineno', 0)}"
