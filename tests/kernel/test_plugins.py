"""The registry: a plugin is a folder, and a folder that is none is named."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import allotment.adapters
from allotment.kernel.errors import Misconfigured
from allotment.kernel.plugins import plugins

FAMILY = "planted"


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A family of plugins in a temporary folder."""
    folder = tmp_path / FAMILY
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(allotment.adapters, "__path__", [*allotment.adapters.__path__, str(tmp_path)])
    yield folder
    plugins.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"allotment.adapters.{FAMILY}")]:
        del sys.modules[name]


def plant(family: Path, folder: str, text: str) -> None:
    (family / folder).mkdir()
    (family / folder / "__init__.py").write_text(text, encoding="utf-8")


def plugin_text(kind: str) -> str:
    return f"class Plugin:\n    kind = {kind!r}\n\n\nplugin = Plugin()\n"


def test_the_providers_that_ship_are_found() -> None:
    assert {"anthropic", "openai_compatible", "practice", "scripted"} <= set(plugins("providers"))


def test_a_new_folder_is_all_it_takes(family: Path) -> None:
    plant(family, "second", plugin_text("second"))
    plant(family, "first", plugin_text("first"))
    assert list(plugins(FAMILY)) == ["first", "second"]


def test_a_single_module_is_no_plugin(family: Path) -> None:
    (family / "wires.py").write_text("", encoding="utf-8")
    assert plugins(FAMILY) == {}


@pytest.mark.parametrize("text", ["", plugin_text("another")])
def test_a_folder_without_a_plugin_of_its_name_is_refused(family: Path, text: str) -> None:
    plant(family, "empty", text)
    with pytest.raises(Misconfigured, match="adapters/planted/empty"):
        plugins(FAMILY)
