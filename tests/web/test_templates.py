"""Every template of every feature keeps to the strict Content-Security-Policy and to components that exist."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "allotment"
COMPONENTS = {path.parent.name for path in SOURCE.glob("web/templates/components/*/index.html")}
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "evaluated htmx values": re.compile(r"hx-(vals|vars|headers)\s*=\s*[\"']\s*js:", re.IGNORECASE),
    "another origin": re.compile(
        r"<(script|link|img|iframe)[^>]*(src|href)=[\"'](https?:)?//", re.IGNORECASE
    ),
}


def problems(html: str) -> list[str]:
    """Return what breaks the policy in a template."""
    # {% icon "x" style="mini" %} is a template tag's argument, not an attribute.
    bare = re.sub(r"{%.*?%}|{{.*?}}", "", COMMENT.sub("", html), flags=re.DOTALL)
    return [name for name, pattern in INLINE.items() if pattern.search(bare)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_template_holds_nothing_inline_and_only_known_components(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    assert problems(html) == []
    used = {name.replace("-", "_") for name in re.findall(r"<c-([a-z-]+)", COMMENT.sub("", html))}
    assert used - COMPONENTS - {"vars", "slot"} == set()


@pytest.mark.parametrize(
    "planted",
    [
        '<p class="a" style="color:red">',
        '<button onclick="go()">',
        "<script>go()</script>",
        "<style>p{}</style>",
        '<a href="javascript:go()">',
        '<script src="https://example.com/x.js"></script>',
        "<div hx-vals='js:{a: 1}'>",
    ],
)
def test_a_planted_violation_is_found(planted: str) -> None:
    assert problems(planted) != []
