"""Prompt bodies with role lines (`system:`, `user:`), as Prompty and Promptflow write them.

Invariant: what stands under `system:` becomes the instruction, what stands under `user:` the question.
Refuses: example answers and tool messages, which a template here has no place for.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from allotment.kernel.errors import Invalid
from allotment.prompts.formats.documents import has_reference, without_references
from allotment.prompts.formats.portable import Imported, Reading
from allotment.prompts.formats.variables import Scan, SlotNames, write_jinja
from allotment.prompts.wording import Wording

MAX_MESSAGES = 50
_ROLE_LINE = re.compile(
    r"^[ \t]*#?[ \t]*(system|developer|user|human|assistant|ai|function|tool)[ \t]*(?:\[[^\]\n]*\])?[ \t]*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_OURS = {"system": "system", "developer": "system", "user": "user", "human": "user"}


@dataclass(frozen=True)
class Section:
    """One message of a file's prompt."""

    role: str
    text: str
    first_line: int = 1
    read: Callable[[Scan], None] | None = None
    """How its variables are written; None for text without any."""


def sections_of(body: str, read: Callable[[Scan], None], first_line: int = 1) -> tuple[Section, ...]:
    """Split a body at its role lines. Text before the first is the instruction; without any, all is the question."""
    lines = list(islice(_ROLE_LINE.finditer(body), MAX_MESSAGES + 1))
    if len(lines) > MAX_MESSAGES:
        raise Invalid(
            _("The file holds more than %(most)s messages.") % {"most": MAX_MESSAGES},
            hint=_("A template here has one instruction and one question."),
        )
    opening = body[: lines[0].start()] if lines else body
    sections = [Section("system" if lines else "user", opening, first_line, read)] if opening.strip() else []
    for place, line in enumerate(lines):
        end = lines[place + 1].start() if place + 1 < len(lines) else len(body)
        text = body[line.end() : end]
        at = first_line + body.count("\n", 0, line.end())
        sections.append(Section(line[1].lower(), text, at, read))
    return tuple(sections)


def assembled(reading: Reading, names: SlotNames, sections: Iterable[Section]) -> Imported:
    """Return the template that these messages make."""
    texts: dict[str, list[str]] = {"system": [], "user": []}
    for section in sections:
        texts[_our_role(section)].append(_wording(reading, names, section).strip())
    system, user = ("\n\n".join(filter(None, texts[role])) for role in ("system", "user"))
    if not user:
        system, user = "", system
        reading.leave_out(_("The file has no question of its own; its instruction became the question."))
    if not user:
        raise Invalid(
            _("The file holds no wording."), hint=_("Check that this is the file with the prompt's text.")
        )
    return reading.finish(system, user)


def with_role_lines(wording: Wording, tool: str) -> str:
    """Return a body in Jinja with role lines."""
    for text in (wording.system, wording.user):
        if line := _ROLE_LINE.search(text):
            raise Invalid(
                _(
                    "The wording has the line “%(line)s”, which %(tool)s would take for the start of a message."
                )
                % {"line": line[0].strip(), "tool": tool},
                hint=_("Export it as a LangChain file, which has no such lines, or reword that line."),
            )
    system = f"system:\n{write_jinja(wording.system)}\n\n" if wording.system else ""
    return f"{system}user:\n{write_jinja(wording.user)}\n"


def _our_role(section: Section) -> str:
    role = _OURS.get(section.role)
    if role is None:
        raise Invalid(
            _(
                "Line %(line)s starts a message by “%(role)s”; a template here has one instruction and one question."
            )
            % {"line": section.first_line, "role": section.role},
            hint=_("Describe the example in the system part of the file and import it again."),
            where=f"line {section.first_line}",
        )
    return role


def _wording(reading: Reading, names: SlotNames, section: Section) -> str:
    text = section.text
    if has_reference(text):
        text = without_references(text)
        reading.leave_out(_("References to environment variables and files in the wording were removed."))
    where = _("The %(role)s message") % {"role": section.role}
    scan = Scan(text, where, section.first_line)
    if section.read is None:
        scan.parts.append(text)
    else:
        section.read(scan)
    return names.wording(scan)
