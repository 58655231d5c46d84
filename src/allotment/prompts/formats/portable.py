"""A template between installations: what every format reads into and writes from.

Invariant: holds wording and slots only. Models, keys, connections, tools and code have no place to be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from allotment.engine.templates import Slot
from allotment.kernel.errors import Invalid
from allotment.prompts.formats.documents import listed, mapped, text_of
from allotment.prompts.slots import slot_from_data, slot_problem, slot_to_data
from allotment.prompts.wording import Wording, worded

OUR_KEY = "allotment"
"""Where our slots travel in another tool's free metadata."""


@dataclass(frozen=True)
class Portable:
    """A template without its history."""

    name: str
    title: str
    purpose: str
    category: str
    wording: Wording


@dataclass(frozen=True)
class Imported:
    """What a file gave, and sentences about what was left out of it."""

    template: Portable
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exported:
    """A file to hand over."""

    filename: str
    media_type: str
    content: bytes


@dataclass
class Reading:
    """What a reader gathers on its way through a file."""

    name: str = ""
    title: str = ""
    purpose: str = ""
    category: str = "writing"
    slots: dict[str, Slot] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, sentence: str) -> None:
        """Remember, once, that something of the file was not taken over."""
        if sentence not in self.left_out:
            self.left_out.append(sentence)

    def offer(self, slot: Slot) -> None:
        """Take a slot's settings from a foreign file; settings that contradict themselves are not taken."""
        if slot_problem(slot):
            slot = replace(slot, kind="long text", options=(), example="")
        self.slots[slot.name] = slot

    def take_ours(self, metadata: Mapping[str, object]) -> None:
        """Take what an Allotment wrote into the file's metadata when it exported the template."""
        ours = mapped(metadata, OUR_KEY)
        self.title = text_of(ours, "title") or self.title
        self.category = text_of(ours, "category") or self.category
        for entry in listed(ours, "slots"):
            try:
                self.offer(slot_from_data(entry))
            except Invalid as problem:
                self.leave_out(problem.message)

    def finish(self, system: str, user: str) -> Imported:
        """Return what was read."""
        template = Portable(
            self.name, self.title, self.purpose, self.category, worded(system, user, self.slots.values())
        )
        return Imported(template, tuple(self.left_out))


def ours(template: Portable) -> dict[str, object]:
    """Return the metadata with which an Allotment recognises its own slots again."""
    return {
        "title": template.title,
        "category": template.category,
        "slots": slots_as_data(template.wording.slots),
    }


def slots_as_data(slots: Iterable[Slot]) -> list[dict[str, object]]:
    """Return the written form of slots."""
    return [slot_to_data(slot) for slot in slots]
