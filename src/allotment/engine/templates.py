"""Prompt templates as values: plain text with typed `{slots}`, no logic.

Invariant: wording is locked; only slots vary; a slot's value is inserted as data and never parsed again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from allotment.engine.asking import Message
from allotment.kernel.canonical import digest as canonical_digest
from allotment.kernel.errors import Invalid

SlotKind = Literal["text", "long text", "number", "date", "choice", "list"]

CHOICES = "choices"
"""A slot of this name is filled with the labels or field names the step asks for, unless the app fills it."""


@dataclass(frozen=True)
class Slot:
    """A typed gap in a template."""

    name: str
    label: str
    kind: SlotKind = "text"
    is_required: bool = True
    max_length: int = 4000
    """Characters; longer values are refused, never cut."""
    options: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Template:
    """One numbered version of a template, ready to be filled."""

    name: str
    version: int
    title: str
    system: str
    """May be empty. Slots are allowed here too."""
    user: str
    slots: tuple[Slot, ...]
    digest: str
    """`sha256:…` over wording and slots."""

    @property
    def reference(self) -> str:
        """`name@version`, as app specs write it."""
        return f"{self.name}@{self.version}"


_SLOT = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}")
_LITERAL = {"{{": "{", "}}": "}"}


def slots_in(text: str) -> tuple[str, ...]:
    """Return the names of the slots in a text, in order of first appearance. `{{` and `}}` are literal braces."""
    return tuple(dict.fromkeys(match[1] for match in _SLOT.finditer(text) if match[1]))


def template_digest(system: str, user: str, slots: Iterable[Slot]) -> str:
    """Return `sha256:…` over everything that changes what a model is asked."""
    plain = [
        {
            "name": slot.name,
            "kind": slot.kind,
            "required": slot.is_required,
            "max_length": slot.max_length,
            "options": list(slot.options),
        }
        for slot in slots
    ]
    return canonical_digest({"system": system, "user": user, "slots": plain})


def fill(template: Template, values: Mapping[str, str]) -> tuple[Message, ...]:
    """Return the messages with every slot filled; raises `Invalid` naming the slot that does not fit.

    A value is data: braces inside it stay as they are.
    """
    checked = {slot.name: _checked(template, slot, values.get(slot.name, "")) for slot in template.slots}
    user = Message("user", _filled(template.user, checked))
    if not template.system:
        return (user,)
    return (Message("system", _filled(template.system, checked)), user)


def _checked(template: Template, slot: Slot, value: str) -> str:
    where = f"{template.reference}.{slot.name}"
    if slot.is_required and not value.strip():
        raise Invalid(
            f"“{slot.label}” is empty, but the template “{template.title}” needs it.",
            hint="Fill in the form field it comes from.",
            where=where,
        )
    if len(value) > slot.max_length:
        raise Invalid(
            f"“{slot.label}” has {len(value):,} characters; the template “{template.title}” takes"
            f" {slot.max_length:,}.",
            hint="Shorten the text, or use a template that takes more.",
            where=where,
        )
    return value


def _filled(text: str, values: Mapping[str, str]) -> str:
    return "".join([values[name] if is_slot else name for is_slot, name in _parts(text)])


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[tuple[bool, str], ...]:
    """Take a text apart into slots, by name, and the words between them. Wording is read often and changes rarely."""
    parts: list[tuple[bool, str]] = []
    done = 0
    for match in _SLOT.finditer(text):
        parts += (False, text[done : match.start()]), (bool(match[1]), match[1] or _LITERAL[match[0]])
        done = match.end()
    return (*parts, (False, text[done:]))
