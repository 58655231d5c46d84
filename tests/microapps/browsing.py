"""Reads the forms of a page as a browser without JavaScript would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class PageForm:
    """One form: where it goes, what it holds, and the words and values of its buttons."""

    action: str
    values: dict[str, Any] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._typing: str = ""
        self._select: str = ""
        self._button: tuple[str, str] | None = None
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value if value is not None else "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = PageForm(given.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "textarea":
            self._typing, self._words = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self._form.values:
                self._form.values[self._select] = given.get("value", "")
        elif tag == "button":
            self._button, self._words = (name, given.get("value", "")), given.get("aria-label", "")

    def _input(self, name: str, given: dict[str, str]) -> None:
        assert self._form is not None
        if given.get("type") not in {"radio", "checkbox"} or "checked" in given:
            is_box = given.get("type") in {"radio", "checkbox"}
            value = given.get("value", "on" if is_box else "")
            before = self._form.values.get(name) if given.get("type") == "checkbox" else None
            self._form.values[name] = value if before is None else [*_listed(before), value]

    def handle_data(self, data: str) -> None:
        if self._typing or self._button:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif self._form is not None and tag == "textarea":
            self._form.values[self._typing] = self._words.removeprefix("\n")
            self._typing = ""
        elif tag == "select":
            self._select = ""
        elif self._form is not None and tag == "button" and self._button:
            self._form.buttons[" ".join(self._words.split())] = self._button
            self._button = None


def forms_of(page: str) -> list[PageForm]:
    """Return the forms of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_to(page: str, action: str) -> PageForm:
    """Return the form of a page that goes to this address."""
    return next(form for form in forms_of(page) if form.action == action)


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
