"""What changed between two versions, line by line. Pure.

Invariant: the lines that are not added are the earlier text, the lines that are not removed are the later one.
A paragraph counts as one line per sentence, so that one changed word does not mark a page.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from allotment.engine.templates import Slot
from allotment.prompts.wording import Wording

_SENTENCE_END = re.compile(r"(?<=[.!?:;]) +(?=\S)")


@dataclass(frozen=True)
class Line:
    """A line of a comparison, for `<c-diff>`."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True)
class Differences:
    """A comparison of two wordings, part by part."""

    system: tuple[Line, ...]
    user: tuple[Line, ...]
    slots: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return all(line.kind == "same" for line in (*self.system, *self.user, *self.slots))


def compare(before: Wording, after: Wording) -> Differences:
    """Return what changed from one wording to the other."""
    return Differences(
        system=lines_between(_lines(before.system), _lines(after.system)),
        user=lines_between(_lines(before.user), _lines(after.user)),
        slots=lines_between([*map(slot_line, before.slots)], [*map(slot_line, after.slots)]),
    )


def lines_between(before: Sequence[str], after: Sequence[str]) -> tuple[Line, ...]:
    """Return both texts as one list of lines."""
    found: list[Line] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for change, from_before, to_before, from_after, to_after in matcher.get_opcodes():
        if change == "equal":
            found += [Line("same", text) for text in after[from_after:to_after]]
        else:
            found += [Line("removed", text) for text in before[from_before:to_before]]
            found += [Line("added", text) for text in after[from_after:to_after]]
    return tuple(found)


def slot_line(slot: Slot) -> str:
    """Return a slot with all its settings in one line."""
    parts = [f"{{{slot.name}}}", slot.label, slot.kind, _("required") if slot.is_required else _("optional")]
    parts.append(_("up to %(most)s characters") % {"most": slot.max_length})
    if slot.options:
        parts.append(" | ".join(slot.options))
    if slot.example:
        parts.append(f"“{slot.example}”")
    return " · ".join(parts)


def _lines(text: str) -> list[str]:
    return [sentence for line in text.split("\n") for sentence in _SENTENCE_END.split(line)] if text else []
