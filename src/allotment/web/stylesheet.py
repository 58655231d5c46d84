"""The one stylesheet: tokens, components and every feature's own rules, layered and named by its digest.

Invariant: all rules stand in `@layer`s, in one order, so that a page's rule never fights a component's.
Built once per process from the files that ship with the package; no build step.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

LAYERS = ("reset", "tokens", "base", "components", "pages", "utilities")

_WEB = Path(__file__).parent
_FEATURES = _WEB.parent
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT = re.compile(r"\n\s*")


@dataclass(frozen=True)
class Stylesheet:
    """The text of the stylesheet and the digest that names it."""

    text: str
    digest: str


def _files(layer: str) -> Iterable[Path]:
    if layer == "components":
        return sorted((_WEB / "templates" / "components").glob("*/style.css"))
    if layer == "pages":
        return sorted(_FEATURES.glob("*/style.css"))
    return (_WEB / "styles" / f"{layer}.css",)


def _lean(css: str) -> str:
    """Leave out comments and indentation; nothing clever."""
    return _INDENT.sub("\n", _COMMENT.sub("", css)).strip()


def build() -> Stylesheet:
    """Read and join all style files."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer in LAYERS:
        rules = "\n".join(_lean(path.read_text(encoding="utf-8")) for path in _files(layer))
        parts.append(f"@layer {layer} {{\n{rules}\n}}")
    text = "\n".join(parts) + "\n"
    return Stylesheet(text, sha256(text.encode()).hexdigest()[:16])


@cache
def stylesheet() -> Stylesheet:
    """Return this process's stylesheet, built on first use."""
    return build()
