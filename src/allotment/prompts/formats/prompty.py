"""Prompty files: YAML front matter, then a body with role lines. Reads versions 1 and 2, writes version 2.

Source of the keys: github.com/microsoft/prompty (v1 `sample`, `inputs` as a map; v2 `inputs` as a list of properties).
Refuses: see `formats`. Leaves out: model, connections, keys, tools, authors, `${env:}` and `${file:}`.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from allotment.engine.templates import Slot, SlotKind
from allotment.kernel.errors import Invalid
from allotment.prompts.formats.documents import (
    Mapped,
    has_reference,
    listed,
    mapped,
    read_yaml,
    text_of,
    write_yaml,
)
from allotment.prompts.formats.portable import Exported, Imported, Portable, Reading, ours
from allotment.prompts.formats.roles import assembled, sections_of, with_role_lines
from allotment.prompts.formats.variables import SlotNames, reader_of
from allotment.prompts.slots import label_from

title = "Prompty"
_FENCE = "---"
_SLOT_KINDS: dict[str, SlotKind] = {
    "integer": "number",
    "float": "number",
    "number": "number",
    "array": "list",
    "list": "list",
}
_PROPERTY_KINDS: dict[SlotKind, str] = {"number": "float", "list": "array"}
_UNDERSTOOD = frozenset(
    {
        "$schema",
        "name",
        "displayName",
        "description",
        "metadata",
        "inputs",
        "sample",
        "template",
        "instructions",
    }
)


def recognises(filename: str, text: str) -> bool:
    """Say whether this looks like a Prompty file."""
    return filename.endswith(".prompty") or text.startswith(_FENCE + "\n")


def read(text: str) -> Imported:
    """Return the template in a Prompty file."""
    front, body, first_line = _split(text)
    reading, names = Reading(), SlotNames()
    metadata = mapped(front, "metadata")
    reading.name = text_of(front, "name")
    reading.title = text_of(front, "displayName") or reading.name
    reading.purpose = text_of(front, "description")
    samples = mapped(front, "sample")
    for variable, declared in _inputs(front):
        _offer(reading, names.slot_for(variable), declared, samples.get(variable))
    for variable in samples.keys() - mapped(front, "inputs").keys():
        _offer(reading, names.slot_for(variable), {}, samples[variable])
    reading.take_ours(metadata)
    _report(reading, front)
    body = body if body.strip() else text_of(front, "instructions")
    return assembled(reading, names, sections_of(body, reader_of(_template_format(front)), first_line))


def write(template: Portable) -> Exported:
    """Return the template as a Prompty file of version 2."""
    front = {
        "name": template.name,
        "displayName": template.title,
        "description": template.purpose,
        "metadata": {"allotment": ours(template)},
        "inputs": [_property(slot) for slot in template.wording.slots],
        "template": {"format": "jinja2", "parser": "prompty"},
    }
    text = f"{_FENCE}\n{write_yaml(front)}{_FENCE}\n{with_role_lines(template.wording, title)}"
    return Exported(f"{template.name}.prompty", "text/markdown; charset=utf-8", text.encode())


def _split(text: str) -> tuple[Mapped, str, int]:
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        return {}, text, 1
    for place, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            return read_yaml("\n".join(lines[1:place])), "\n".join(lines[place + 1 :]), place + 2
    raise Invalid(
        _("The front matter of the Prompty file has no end."),
        hint=_("Put a line with “---” between the settings and the wording."),
    )


def _template_format(front: Mapped) -> str:
    named = front.get("template")
    if isinstance(named, str):
        return named
    return (
        text_of(mapped(front, "template"), "format") or text_of(mapped(front, "template"), "type") or "jinja2"
    )


def _inputs(front: Mapped) -> Iterator[tuple[str, Mapped]]:
    for variable, declared in mapped(front, "inputs").items():
        yield variable, mapped({"it": declared}, "it") or {"default": declared}
    for entry in listed(front, "inputs"):
        declared = mapped({"it": entry}, "it")
        if name := text_of(declared, "name"):
            yield name, declared


def _offer(reading: Reading, name: str, declared: Mapped, sample: object) -> None:
    kind = text_of(declared, "kind") or text_of(declared, "type")
    options = tuple(str(option) for option in listed(declared, "enumValues"))
    given = next((v for v in (sample, declared.get("example"), declared.get("default")) if v is not None), "")
    example = "\n".join(map(str, given)) if isinstance(given, list) else str(given)
    if isinstance(given, dict) or has_reference(example):
        reading.leave_out(_("The example of “%(name)s” was left out; it is not plain text.") % {"name": name})
        example = ""
    reading.offer(
        Slot(
            name=name,
            label=text_of(declared, "description")[:120] or label_from(name),
            kind="choice" if options else _SLOT_KINDS.get(kind, "long text"),
            is_required=declared.get("required") is not False,
            options=options,
            example=example,
        )
    )


def _report(reading: Reading, front: Mapped) -> None:
    if "model" in front:
        reading.leave_out(
            _("The model and its connection were left out; choose a model where the template is used.")
        )
    if _holds_key(front.get("model"), depth=0):
        reading.leave_out(
            _("A key stood in the file and was left out. Replace that key: whoever has the file can read it.")
        )
    if "tools" in front:
        reading.leave_out(_("Tools were left out; an app calls approved operations in steps of its own."))
    others = sorted(front.keys() - _UNDERSTOOD - {"model", "tools"})
    if others:
        reading.leave_out(_("Not taken over: %(keys)s.") % {"keys": ", ".join(others)[:200]})


def _holds_key(value: object, depth: int) -> bool:
    if not isinstance(value, dict) or depth > 5:  # noqa: PLR2004 - a connection sits at most this deep
        return False
    for name, entry in value.items():
        is_key = str(name).lower().replace("_", "") in {"apikey", "key", "secret", "token"}
        if is_key and isinstance(entry, str) and not has_reference(entry):
            return True
        if _holds_key(entry, depth + 1):
            return True
    return False


def _property(slot: Slot) -> dict[str, object]:
    written: dict[str, object] = {
        "name": slot.name,
        "kind": _PROPERTY_KINDS.get(slot.kind, "string"),
        "description": slot.label,
        "required": slot.is_required,
    }
    if slot.options:
        written["enumValues"] = list(slot.options)
    if slot.example:
        written["example"] = slot.example
    return written
