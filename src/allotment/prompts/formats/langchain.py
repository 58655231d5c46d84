"""LangChain prompts: prompt files (`_type: prompt`, JSON or YAML), message lists, and langchain-core's manifest.

The manifest (`lc: 1, type: constructor, id: […]`) is read as data by the last word of its id;
nothing is ever constructed.
Refuses: see `formats`; also few-shot files and templates kept in another file. Leaves out: models, parsers, schemas.
"""

import json
from collections.abc import Iterator

from django.utils.translation import gettext as _

from allotment.engine.templates import Slot
from allotment.kernel.errors import Invalid
from allotment.prompts.formats.documents import Mapped, listed, mapped, read_either, text_of
from allotment.prompts.formats.portable import Exported, Imported, Portable, Reading, ours
from allotment.prompts.formats.roles import Section, assembled
from allotment.prompts.formats.variables import SlotNames, reader_of, write_fstring
from allotment.prompts.slots import label_from

title = "LangChain"
_ROLES = {
    "SystemMessagePromptTemplate": "system",
    "HumanMessagePromptTemplate": "user",
    "AIMessagePromptTemplate": "assistant",
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
}
_MARKS = frozenset({"_type", "lc", "messages", "template", "template_path", "input_variables"})
_LEFT_OUT_KEYS = ("output_parser", "tools", "schema_", "llm", "model")


def recognises(filename: str, text: str) -> bool:
    """Say whether this looks like a LangChain prompt file."""
    if filename.endswith(".json"):
        return True
    if text.lstrip().startswith("{"):
        return not text.lstrip().startswith(("{{", "{%", "{#"))
    return any(text.startswith(f"{mark}:") or f"\n{mark}:" in text for mark in _MARKS)


def read(text: str) -> Imported:
    """Return the template in a LangChain file."""
    data = read_either(text)
    reading, names = Reading(), SlotNames()
    kwargs = _constructed(reading, data) if "lc" in data else data
    reading.name = text_of(data, "name") or text_of(kwargs, "name")
    reading.title = reading.name
    for key in _LEFT_OUT_KEYS:
        if kwargs.get(key):
            reading.leave_out(_("“%(key)s” was left out; it is no wording.") % {"key": key})
    sections = tuple(_messages(reading, kwargs) if "messages" in kwargs else _single(reading, kwargs))
    for part in (kwargs, *_prompts(kwargs)):
        _take_partials(reading, names, part)
    metadata = mapped(kwargs, "metadata")
    reading.purpose = text_of(metadata, "purpose")
    reading.take_ours(metadata)
    return assembled(reading, names, sections)


def write(template: Portable) -> Exported:
    """Return the template as a prompt file; with an instruction, as the manifest of a chat prompt."""
    wording = template.wording
    variables = [slot.name for slot in wording.slots]
    metadata = {"purpose": template.purpose, "allotment": ours(template)}
    if wording.system:
        data: dict[str, object] = _node(
            ("chat", "ChatPromptTemplate"),
            {
                "input_variables": variables,
                "metadata": metadata,
                "messages": [
                    _message("SystemMessagePromptTemplate", wording.system),
                    _message("HumanMessagePromptTemplate", wording.user),
                ],
            },
        )
    else:
        data = {
            "_type": "prompt",
            "input_variables": variables,
            "template": write_fstring(wording.user),
            "template_format": "f-string",
            "metadata": metadata,
        }
    data["name"] = template.name
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return Exported(f"{template.name}.langchain.json", "application/json", text.encode())


def _node(where: tuple[str, str], kwargs: dict[str, object]) -> dict[str, object]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", *where], "kwargs": kwargs}


def _message(kind: str, text: str) -> dict[str, object]:
    variables = {"template": write_fstring(text), "template_format": "f-string", "input_variables": []}
    return _node(("chat", kind), {"prompt": _node(("prompt", "PromptTemplate"), dict(variables))})


def _class_of(node: Mapped) -> str:
    path = listed(node, "id")
    return str(path[-1]) if path and node.get("type") == "constructor" else ""


def _constructed(reading: Reading, node: Mapped) -> Mapped:
    """Return the arguments of a prompt's manifest; of a chain, those of its first part."""
    kind = _class_of(node)
    if kind == "RunnableSequence":
        reading.leave_out(_("Only the prompt was taken over; what follows it in the chain was left out."))
        node = mapped(mapped(node, "kwargs"), "first")
        kind = _class_of(node)
    if kind not in {"PromptTemplate", "ChatPromptTemplate", "StructuredPrompt"}:
        raise Invalid(
            _("The file describes “%(kind)s”, which is not a prompt.") % {"kind": (kind or "?")[:60]},
            hint=_("Export the prompt itself from LangChain: a PromptTemplate or a ChatPromptTemplate."),
        )
    return mapped(node, "kwargs")


def _single(reading: Reading, data: Mapped) -> Iterator[Section]:
    kind = text_of(data, "_type") or "prompt"
    if kind != "prompt":
        raise Invalid(
            _("This is a LangChain file of the type “%(type)s”.") % {"type": kind[:40]},
            hint=_("Import a file of the type “prompt”; write its examples into the template's text."),
        )
    yield _template(reading, "user", data)


def _template(reading: Reading, role: str, prompt: Mapped) -> Section:
    text = prompt.get("template")
    if "template_path" in prompt or not isinstance(text, str):
        raise Invalid(
            _("The wording is not in this file: it has no “template” text."),
            hint=_("Paste the wording into the file under “template” and import it again."),
        )
    if prompt.get("validate_template") or prompt.get("output_parser"):
        reading.leave_out(_("Settings for checking and parsing were left out; they are no wording."))
    return Section(role, text, read=reader_of(text_of(prompt, "template_format") or "f-string"))


def _messages(reading: Reading, kwargs: Mapped) -> Iterator[Section]:
    for entry in listed(kwargs, "messages"):
        section = (
            _pair(entry, kwargs)
            if isinstance(entry, list)
            else _one_message(reading, mapped({"it": entry}, "it"), kwargs)
        )
        if section:
            yield section


def _pair(entry: list[object], kwargs: Mapped) -> Section:
    if len(entry) != 2 or not all(isinstance(part, str) for part in entry):  # noqa: PLR2004 - role and text
        raise _unreadable_message()
    role, text = entry
    return Section(
        str(role).lower(), str(text), read=reader_of(text_of(kwargs, "template_format") or "f-string")
    )


def _one_message(reading: Reading, message: Mapped, kwargs: Mapped) -> Section | None:
    kind = _class_of(message)
    inner = mapped(message, "kwargs") if kind else message
    if kind == "MessagesPlaceholder":
        reading.leave_out(
            _("The place for earlier messages (“%(name)s”) was left out; a template here asks one question.")
            % {"name": text_of(inner, "variable_name")[:40]}
        )
        return None
    role = _ROLES.get(kind) or (text_of(message, "role") or text_of(message, "type")).lower()
    prompt = mapped(inner, "prompt")
    if prompt:
        return _template(reading, role, mapped(prompt, "kwargs") if "lc" in prompt else prompt)
    content = inner.get("content")
    if not role or not isinstance(content, str):
        raise _unreadable_message()
    read_variables = None if kind else reader_of(text_of(kwargs, "template_format") or "f-string")
    return Section(role, content, read=read_variables)


def _unreadable_message() -> Invalid:
    return Invalid(
        _("A message of the file is not text with a role."),
        hint=_("Each message needs a role (system or user) and text; pictures and tools cannot be imported."),
        where="messages",
    )


def _prompts(kwargs: Mapped) -> Iterator[Mapped]:
    for entry in listed(kwargs, "messages"):
        prompt = mapped(mapped(mapped({"it": entry}, "it"), "kwargs"), "prompt")
        yield mapped(prompt, "kwargs")


def _take_partials(reading: Reading, names: SlotNames, prompt: Mapped) -> None:
    """Values fixed in the file become examples: wording is never completed behind a reader's back."""
    for variable, value in mapped(prompt, "partial_variables").items():
        if isinstance(value, str):
            name = names.slot_for(variable)
            reading.offer(Slot(name, label_from(name), "long text", example=value))
        reading.leave_out(
            _("The fixed value of “%(name)s” is only an example now.") % {"name": variable[:40]}
            if isinstance(value, str)
            else _("The value of “%(name)s” was left out; it is not plain text.") % {"name": variable[:40]}
        )
