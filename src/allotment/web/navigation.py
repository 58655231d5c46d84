"""The entries of the navigation: features register them, policies decide who sees which.

Invariant: until a deciding function is installed nobody sees any entry (deny by default).
Refuses to know features: an entry is a label, a URL name, an icon and the action it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from allotment.engine.actions import Action


class Place(Enum):
    """Where an entry stands."""

    MAIN = "main"
    PERSON = "person"
    """In the menu behind the person's own name."""


@dataclass(frozen=True)
class NavEntry:
    """One entry; shown to those who may do `action`. Smaller `order` stands first."""

    label: str | Promise
    url_name: str
    icon: str
    """Name of a heroicon."""
    action: Action
    order: int = 50
    place: Place = Place.MAIN


@dataclass(frozen=True)
class NavLink:
    """An entry as one person sees it on one page."""

    label: str | Promise
    url: str
    icon: str
    is_current: bool


Allowed = Callable[[HttpRequest, Action], bool]


def _nobody(_request: HttpRequest, _action: Action) -> bool:
    return False


_entries: dict[str, NavEntry] = {}
_allowed: Allowed = _nobody


def register(entry: NavEntry) -> None:
    """Add an entry, once per URL name; a feature calls this from its `AppConfig.ready`."""
    _entries[entry.url_name] = entry


def install(allowed: Allowed) -> None:
    """Let `allowed(request, action)` decide who sees which entry."""
    global _allowed  # noqa: PLW0603 - the one switch of this module
    _allowed = allowed


def links(request: HttpRequest, place: Place = Place.MAIN) -> tuple[NavLink, ...]:
    """Return the entries this person may use, in order, the current one marked."""
    entries = sorted(
        (entry for entry in _entries.values() if entry.place is place and _allowed(request, entry.action)),
        key=lambda entry: (entry.order, str(entry.label)),
    )
    urls = [reverse(entry.url_name) for entry in entries]
    current = _current(request.path, urls)
    return tuple(
        NavLink(entry.label, url, entry.icon, url == current)
        for entry, url in zip(entries, urls, strict=True)
    )


def _current(path: str, urls: list[str]) -> str:
    """Return the most specific address that leads to `path`; the start page only stands for itself."""
    leading = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(leading, key=len, default="")
