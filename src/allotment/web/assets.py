"""The files a page loads: the stylesheet, custom elements, htmx and the brand mark, by address.

Invariant: the set of files is read once into memory, so an address is a key and never a path: nothing
outside it can be asked for. Addresses carry the content's digest, so browsers may keep them for good.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import django_htmx

from allotment.web.stylesheet import stylesheet

PREFIX = "/assets/"

_FEATURES = Path(__file__).parents[1]
_HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
_CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class Asset:
    """A file for the browser."""

    body: bytes
    content_type: str
    etag: str

    def headers(self, version: str) -> dict[str, str]:
        """Return the caching headers for a request that named `version` (the `v` of the query, or "")."""
        lasting = "public, max-age=31536000, immutable" if version == self.etag else "no-cache"
        return {
            "Cache-Control": lasting,
            "ETag": f'"{self.etag}"',
            "X-Content-Type-Options": "nosniff",
        }


def _asset(body: bytes, content_type: str) -> Asset:
    return Asset(body, content_type, sha256(body).hexdigest()[:16])


def _read(path: Path) -> Asset:
    return _asset(path.read_bytes(), _CONTENT_TYPES[path.suffix])


@cache
def _static() -> dict[str, Asset]:
    """Return every shipped file by name; those of a feature stand below the feature's name."""
    found = {"htmx.min.js": _read(_HTMX)}
    for folder in sorted(_FEATURES.glob("*/static")):
        prefix = "" if folder.parent.name == "web" else f"{folder.parent.name}/"
        for path in sorted(folder.rglob("*")):
            if path.suffix in _CONTENT_TYPES:
                found[prefix + path.relative_to(folder).as_posix()] = _read(path)
    return found


@cache
def _style() -> Asset:
    sheet = stylesheet()
    return Asset(sheet.text.encode(), "text/css; charset=utf-8", sheet.digest)


def asset(path: str) -> Asset | None:
    """Return what is served at `/assets/<path>`: `<digest>.css` or `static/<name>`; None for anything else."""
    if path == f"{_style().etag}.css":
        return _style()
    name = path.removeprefix("static/")
    return None if name == path else _static().get(name)


def stylesheet_url() -> str:
    """Return the address of the stylesheet."""
    return f"{PREFIX}{_style().etag}.css"


def asset_url(name: str) -> str:
    """Return the lasting address of a shipped file such as `elements/copy-button.js`; KeyError if unknown."""
    return f"{PREFIX}static/{name}?v={_static()[name].etag}"


def element_names() -> tuple[str, ...]:
    """Return the names of the custom elements every page loads."""
    return tuple(name for name in _static() if name.startswith("elements/"))
