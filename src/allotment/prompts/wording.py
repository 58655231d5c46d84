"""The wording of a version: instruction, question and the slots in them. Pure.

Invariant: a wording's slots are exactly those its text names, in the order of first appearance.
Refuses: empty questions, texts and slots beyond the limits, slots that contradict themselves.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from allotment.engine.templates import Slot, slots_in
from allotment.kernel.errors import Invalid
from allotment.prompts.slots import MAX_SLOTS, label_from, slot_problem

MAX_TEXT = 20_000
"""Characters of the instruction, and of the question."""

_MARK = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}")
_LITERAL = {"{{": "{", "}}": "}"}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Wording:
    """What a version says."""

    system: str
    user: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A stretch of plain text, or a slot by its name."""

    text: str
    is_slot: bool = False


@dataclass(frozen=True)
class Problem:
    """Something to mend before a wording can be kept. `field` is `system`, `user` or `slots.<name>`."""

    field: str
    message: str


def tidy(text: str) -> str:
    """Return text with one kind of line end, no control characters and no blank ends."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def pieces(text: str) -> tuple[Piece, ...]:
    """Split text at its slots; `{{` and `}}` are curly brackets, as the engine fills them."""
    found: list[Piece] = []
    plain, place = "", 0
    for mark in _MARK.finditer(text):
        plain += text[place : mark.start()] + _LITERAL.get(mark[0], "")
        place = mark.end()
        if mark[1]:
            found += [Piece(plain)] if plain else []
            found.append(Piece(mark[1], is_slot=True))
            plain = ""
    plain += text[place:]
    return (*found, Piece(plain)) if plain else tuple(found)


def text_of_pieces(parts: Iterable[Piece]) -> str:
    """Return the text that splits into these pieces; plain brackets are doubled only where they would be misread."""
    return "".join(f"{{{part.text}}}" if part.is_slot else _plain(part.text) for part in _joined(parts))


def _joined(parts: Iterable[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for part in parts:
        if joined and not part.is_slot and not joined[-1].is_slot:
            part = Piece(joined.pop().text + part.text)  # noqa: PLW2901 - one plain piece in the place of two
        joined.append(part)
    return joined


def _plain(text: str) -> str:
    if _MARK.search(text) or text.endswith("{"):
        return text.replace("{", "{{").replace("}", "}}")
    return text


def worded(system: str, user: str, known: Iterable[Slot] = ()) -> Wording:
    """Return the wording of these texts: known slots keep their settings, new ones get plain ones, unused ones go."""
    system, user = tidy(system), tidy(user)
    settings = {slot.name: slot for slot in known}
    names = dict.fromkeys((*slots_in(system), *slots_in(user)))
    slots = tuple(settings.get(name) or Slot(name, label_from(name), "long text") for name in names)
    return Wording(system, user, slots)


def problems(wording: Wording) -> tuple[Problem, ...]:
    """Return everything that must be mended, in reading order."""
    found: list[Problem] = []
    if not wording.user:
        found.append(Problem("user", _("Write what the model is asked.")))
    for field, text in (("system", wording.system), ("user", wording.user)):
        if len(text) > MAX_TEXT:
            found.append(
                Problem(
                    field,
                    _("This is %(length)s characters long; at most %(most)s are allowed.")
                    % {"length": len(text), "most": MAX_TEXT},
                )
            )
    if len(wording.slots) > MAX_SLOTS:
        found.append(Problem("user", _("Use at most %(most)s slots.") % {"most": MAX_SLOTS}))
    found += [
        Problem(f"slots.{slot.name}", problem) for slot in wording.slots if (problem := slot_problem(slot))
    ]
    return tuple(found)


def require_sound(wording: Wording) -> None:
    """Raise `Invalid` for the first problem of a wording."""
    for problem in problems(wording)[:1]:
        raise Invalid(
            problem.message,
            hint=_("Mend the wording and save it again."),
            where=problem.field,
        )
