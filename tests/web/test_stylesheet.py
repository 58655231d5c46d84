"""One stylesheet, in layers, small enough to read and to send."""

import re
from pathlib import Path

import pytest

from allotment.web.stylesheet import LAYERS, build, stylesheet

SOURCE = Path(__file__).parents[2] / "src" / "allotment"
STYLES = sorted(SOURCE.rglob("*.css"))
SCRIPTS = sorted(SOURCE.rglob("static/**/*.js"))


def test_the_layers_stand_in_their_order() -> None:
    text = stylesheet().text
    assert text.startswith("@layer reset, tokens, base, components, pages, utilities;")
    places = [text.index(f"@layer {layer} {{") for layer in LAYERS]
    assert places == sorted(places)


def test_every_rule_stands_in_a_layer() -> None:
    depth = 0
    for piece in re.split(r"([{}])", stylesheet().text):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        elif depth == 0:
            assert not piece.strip() or re.fullmatch(r"(@layer [\w, ]+;\s*)?@layer \w+", piece.strip()), piece
    assert depth == 0


def test_every_feature_brings_its_own_rules() -> None:
    pages = stylesheet().text.split("@layer pages {")[1].split("@layer utilities {")[0]
    for path in SOURCE.glob("*/style.css"):
        first = re.search(
            r"\.[\w-]+", re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        )
        assert first is None or first.group() in pages, path


def test_the_digest_names_the_content() -> None:
    assert build() == stylesheet()
    assert re.fullmatch(r"[0-9a-f]{16}", stylesheet().digest)


def test_the_stylesheet_is_small() -> None:
    assert len(stylesheet().text.encode()) < 48 * 1024


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_style_file_is_short_and_stays_in_its_layer(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert "@import" not in text
    assert "@layer" not in text
    assert "url(" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_custom_element_is_short_and_never_writes_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    for banned in (
        "innerHTML",
        "outerHTML =",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert banned not in text
