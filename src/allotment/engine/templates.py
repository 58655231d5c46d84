"""Prompt templates as values: plain text with typed `{slots}`, no logic.

Invariant: wording is locked; only slots vary; a slot's value is inserted as data and never parsed again.
"""

from dataclasses import dataclass
from typing import Literal

SlotKind = Literal["text", "long text", "number", "date", "choice", "list"]


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
