"""What we write about the project is true: paths exist, links lead somewhere, versions agree, pages stay short."""

import re
import tomllib
from pathlib import Path

import pytest
from click import Context, Group

import allotment
from allotment.cli.main import root
from allotment.microapps.exchanging import validate
from allotment.prompts.starting import plant_library
from tests.architecture.source import ROOT, SOURCE, relative

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), SOURCE / "web" / "README.md"])
LONGEST = {"README.md": 150, "ARCHITECTURE.md": 200}
NAMED_PATH = re.compile(r"`((?:src|tests|docs|requirements|benchmarks|\.ci)/[\w./*-]*)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
DECISIONS = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Check"]
EXAMPLE = re.compile(r"^```yaml\n(allotment: 1\n.*?)^```", re.MULTILINE | re.DOTALL)
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def missing_paths(text: str, page: Path = ROOT / "README.md") -> list[str]:
    """Return the paths and links of a page that lead nowhere."""
    named = [path for path in NAMED_PATH.findall(text) if not list(ROOT.glob(path))]
    return named + [link for link in LINK.findall(text) if not (page.parent / link).exists()]


def disagreement(changelog: str, version: str) -> str:
    """Say how changelog and version disagree; empty when the version is released, or announced as the next one."""
    released = RELEASE.findall(changelog)
    if released[:1] == [version]:
        return ""
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    announced = f"This will be {version}" in unreleased
    return "" if announced else f"{version} is neither the newest release nor announced under Unreleased"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_everything_a_page_names_is_there(page: Path) -> None:
    assert missing_paths(page.read_text(encoding="utf-8"), page) == []


@pytest.mark.parametrize("name", LONGEST)
def test_first_pages_stay_short(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").count("\n") <= LONGEST[name]


def test_the_map_names_every_package() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert {name for name in packages if f"| `{name}/`" not in page} == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "STYLE.md"])
def test_every_make_target_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE))
    assert named - targets == set()


def test_every_command_the_readme_shows_exists() -> None:
    shown = re.findall(
        r"\.venv/bin/allotment (\w+)(?: ([a-z]+)\b)?", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    assert shown != []
    for name, below in shown:
        command = root.get_command(Context(root), name)
        assert command is not None, name
        assert not isinstance(command, Group) or below in command.commands, f"{name} {below}"


def test_every_variable_the_readme_names_is_read() -> None:
    settings = (SOURCE / "kernel" / "settings.py").read_text(encoding="utf-8")
    for page in ("README.md", "SECURITY.md"):
        named = set(re.findall(r"\bALLOTMENT_[A-Z_]+", (ROOT / page).read_text(encoding="utf-8")))
        assert {
            name for name in named if name.removesuffix("_FILE") not in settings and name not in settings
        } == set()


@pytest.mark.django_db
def test_apps_in_documents_are_whole() -> None:
    plant_library()
    for page in PAGES:
        for text in EXAMPLE.findall(page.read_text(encoding="utf-8")):
            assert validate(text) == (), relative(page)


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_every_section_and_fits_one_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == SECTIONS
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert len(text.split()) <= 500
    assert path.name in (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")


def test_version_changelog_and_package_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == allotment.__version__
    assert disagreement((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), allotment.__version__) == ""


def test_planted_untruths_are_found() -> None:
    assert missing_paths("see `src/allotment/gone.py`") == ["src/allotment/gone.py"]
    assert missing_paths("see [it](docs/gone.md)") == ["docs/gone.md"]
    assert missing_paths("see `src/allotment/asgi.py` and [it](LICENSE)") == []
    assert disagreement("## [Unreleased]\n", "0.1.0") != ""
    assert disagreement("## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n", "0.2.0") != ""
    assert disagreement("## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n", "0.1.0") == ""
