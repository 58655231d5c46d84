"""Variables of other tools' templates (Jinja, mustache, f-strings) ↔ our `{slots}`.

Invariant: text that was plain stays plain; a variable becomes a slot; nothing is ever evaluated. One pass, linear time.
Refuses: anything with logic (statements, filters, calls, sections, format specifications), with the line and a remedy.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from allotment.kernel.errors import Invalid
from allotment.prompts.wording import Piece, pieces, text_of_pieces

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_SLOT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_QUOTED = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
_JINJA_OPENING = re.compile(r"\{[{%#]")
_BRACKET = re.compile(r"[{}]")
_JINJA_CONSTANTS = frozenset({"true", "false", "none", "True", "False", "None"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_NAME = 40


@dataclass(frozen=True)
class Gap:
    """A variable, by the name the file gives it."""

    name: str


Part = str | Gap


@dataclass
class Scan:
    """One text being read: what was found so far, and where we are for error messages."""

    text: str
    where: str
    first_line: int = 1
    parts: list[Part] = field(default_factory=list)

    def refuse(self, place: int, problem: str, hint: str) -> Invalid:
        """Return the refusal of what stands at a place."""
        line = self.first_line + self.text.count("\n", 0, place)
        snippet = self.text[place : place + 40].split("\n", 1)[0]
        return Invalid(
            _("%(where)s, line %(line)s: “%(snippet)s” %(problem)s")
            % {"where": self.where, "line": line, "snippet": snippet, "problem": problem},
            hint=hint,
            where=f"line {line}",
        )

    def closing(self, place: int, mark: str) -> int:
        """Return where the bracket opened at a place is closed."""
        end = self.text.find(mark, place + 2)
        if end < 0:
            raise self.refuse(
                place,
                _("is opened but never closed."),
                _("Close it with “%(mark)s” or remove it.") % {"mark": mark},
            )
        return end


@dataclass
class SlotNames:
    """The slots a file's variables become. Two variables never become one slot."""

    originals: dict[str, str] = field(default_factory=dict)

    def slot_for(self, variable: str) -> str:
        """Return the slot's name for a variable: `customerQuery` → `customer_query`."""
        name = variable if _SLOT_NAME.fullmatch(variable) else _CAMEL.sub("_", variable).lower()
        if not _SLOT_NAME.fullmatch(name):
            name = f"slot_{name.strip('_')}"[:_MAX_NAME]
        first = self.originals.setdefault(name, variable)
        if first != variable:
            raise Invalid(
                _("The variables “%(first)s” and “%(second)s” would become the same slot “%(slot)s”.")
                % {"first": first, "second": variable, "slot": name},
                hint=_("Rename one of them in the file and import it again."),
            )
        return name

    def wording(self, scan: Scan) -> str:
        """Return the scanned text with slots in the place of its variables."""
        return text_of_pieces(
            Piece(self.slot_for(part.name), is_slot=True) if isinstance(part, Gap) else Piece(part)
            for part in scan.parts
        )


def read_jinja(scan: Scan) -> None:
    """Read Jinja's plain variables; `{{ "text" }}` is text, comments go."""
    place = 0
    while found := _JINJA_OPENING.search(scan.text, place):
        opened, mark = found.start(), found[0]
        scan.parts.append(scan.text[place:opened])
        if mark == "{%":
            raise _logic(scan, opened)
        end = scan.closing(opened, {"{{": "}}", "{#": "#}"}[mark])
        if mark == "{{":
            scan.parts.append(_jinja_expression(scan, opened, scan.text[opened + 2 : end].strip()))
        place = end + 2
    scan.parts.append(scan.text[place:])


def _jinja_expression(scan: Scan, place: int, expression: str) -> Part:
    if _IDENTIFIER.fullmatch(expression) and expression not in _JINJA_CONSTANTS:
        return Gap(expression)
    if quoted := _QUOTED.fullmatch(expression):
        return quoted[1] or quoted[2] or ""
    raise _logic(scan, place)


def read_mustache(scan: Scan) -> None:
    """Read mustache's plain variables in two or three brackets; comments go."""
    place = 0
    while (opened := scan.text.find("{{", place)) >= 0:
        scan.parts.append(scan.text[place:opened])
        mark = "}}}" if scan.text.startswith("{{{", opened) else "}}"
        end = scan.closing(opened, mark)
        inner = scan.text[opened + len(mark) : end].strip()
        if not inner.startswith("!"):
            variable = inner.removeprefix("&").strip()
            if not _IDENTIFIER.fullmatch(variable):
                raise _logic(scan, opened)
            scan.parts.append(Gap(variable))
        place = end + len(mark)
    scan.parts.append(scan.text[place:])


def read_fstring(scan: Scan) -> None:
    """Read `{variable}`; doubled brackets are plain ones."""
    text, place = scan.text, 0
    while bracket := _BRACKET.search(text, place):
        found = bracket.start()
        scan.parts.append(text[place:found])
        if text[found : found + 2] in ("{{", "}}"):
            scan.parts.append(text[found])
            place = found + 2
            continue
        end = text.find("}", found)
        variable = text[found + 1 : end]
        if text[found] == "}" or end < 0:
            raise scan.refuse(
                found,
                _("is a single bracket."),
                _("Double it if it is meant as text, or close the variable."),
            )
        if not _IDENTIFIER.fullmatch(variable):
            raise _logic(scan, found)
        scan.parts.append(Gap(variable))
        place = end + 1
    scan.parts.append(text[place:])


READERS: dict[str, Callable[[Scan], None]] = {
    "jinja2": read_jinja,
    "mustache": read_mustache,
    "f-string": read_fstring,
}


def reader_of(template_format: str) -> Callable[[Scan], None]:
    """Return the reader for a format as files name it."""
    reader = READERS.get({"jinja": "jinja2"}.get(template_format, template_format))
    if reader is None:
        raise Invalid(
            _("The template format “%(format)s” is not known.") % {"format": template_format[:40]},
            hint=_("Use jinja2, mustache or f-string."),
        )
    return reader


def write_jinja(text: str) -> str:
    """Return our text as Jinja. Brackets that Jinja would read are written as quoted text."""
    written: list[str] = []
    for piece in pieces(text):
        if piece.is_slot:
            written.append("{{ " + piece.text + " }}")
        else:
            written.append(re.sub(r"\{(?=[{%#]|\Z)", '{{ "{" }}', piece.text))
    return "".join(written)


def write_fstring(text: str) -> str:
    """Return our text as an f-string template."""
    return "".join(
        "{" + piece.text + "}" if piece.is_slot else piece.text.replace("{", "{{").replace("}", "}}")
        for piece in pieces(text)
    )


def _logic(scan: Scan, place: int) -> Invalid:
    return scan.refuse(
        place,
        _("does more than insert a value; templates here hold no logic."),
        _("Put a plain variable such as “customer_query” there, and let the app decide what goes into it."),
    )
