"""The starters that ship with the installation: whole apps that work, one YAML file each in `starters/`.

Invariant: read once per process; the name of a starter is the name of its file. Refuses: code; they are content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_located
from allotment.engine.spec.yaml_text import parse
from allotment.kernel.errors import NotFound

_CATEGORIES = {"writing": _lazy("Writing help"), "reports": _lazy("Reports"), "chores": _lazy("Daily chores")}
_FOLDER = Path(__file__).parent / "starters"


@dataclass(frozen=True)
class Starter:
    """An app that works, to begin from."""

    name: str
    outcome: str
    """What comes out, in a short sentence: “Question in, polite draft and topic out.”"""
    category: str
    keywords: tuple[str, ...]
    """Words people use when they need it."""
    minutes: int
    """How long it takes until it is one's own and tried out."""
    app: App

    @property
    def category_title(self) -> str:
        """The category in words."""
        return category_title(self.category)


def read_starter(name: str, text: str) -> Starter:
    """Return the starter in a YAML text: the spec, and beside it `starter:` with outcome, category,
    keywords and minutes."""
    located = parse(text)
    about = located.data.pop("starter")
    return Starter(
        name=name,
        outcome=str(about["outcome"]),
        category=str(about["category"]),
        keywords=tuple(str(word) for word in about["keywords"]),
        minutes=int(about["minutes"]),
        app=from_located(located),
    )


@cache
def _by_name() -> Mapping[str, Starter]:
    files = sorted(_FOLDER.glob("*.yaml"))
    return {file.stem: read_starter(file.stem, file.read_text(encoding="utf-8")) for file in files}


def all_starters() -> tuple[Starter, ...]:
    """Return every starter, by name."""
    return tuple(_by_name().values())


def starter(name: str) -> Starter:
    """Return one starter."""
    found = _by_name().get(name)
    if found is None:
        raise NotFound(
            _("There is no starter “%(name)s”.") % {"name": name}, hint=_("Choose one from the gallery.")
        )
    return found


def find_starters(search: str = "", category: str = "") -> tuple[Starter, ...]:
    """Return the starters of a category whose words contain every word of `search`."""
    words = search.lower().split()
    return tuple(
        starter
        for starter in all_starters()
        if (not category or starter.category == category) and all(word in _text(starter) for word in words)
    )


def categories() -> tuple[tuple[str, str], ...]:
    """Return the categories that have starters with their titles, by title."""
    found = {starter.category: starter.category_title for starter in all_starters()}
    return tuple(sorted(found.items(), key=lambda pair: pair[1]))


def category_title(category: str) -> str:
    """Return a category in words."""
    return str(_CATEGORIES.get(category, category.capitalize()))


def _text(starter: Starter) -> str:
    return " ".join((starter.app.title, starter.outcome, starter.app.purpose, *starter.keywords)).lower()
