"""Promptflow: a Jinja file with role lines, alone or in a zip with the `flow.dag.yaml` that names it.

Source of the keys: microsoft/promptflow, flow YAML schema (`inputs`, `nodes[].type|source|inputs`).
Refuses: see `formats`; also several model steps in one flow and paths that lead out of the zip.
Leaves out: connections, deployments, parameters, other steps, outputs.
"""

import io
import zipfile
from posixpath import normpath

from django.utils.translation import gettext as _

from allotment.engine.templates import Slot, SlotKind
from allotment.kernel.errors import Invalid, TooLarge
from allotment.prompts.formats.documents import (
    MAX_BYTES,
    Mapped,
    decoded,
    listed,
    mapped,
    read_yaml,
    text_of,
    write_yaml,
)
from allotment.prompts.formats.portable import Exported, Imported, Portable, Reading, ours
from allotment.prompts.formats.roles import assembled, sections_of, with_role_lines
from allotment.prompts.formats.variables import SlotNames, read_jinja
from allotment.prompts.slots import label_from

title = "Promptflow"
FLOW_FILE = "flow.dag.yaml"
OUR_FILE = "allotment.yaml"
_MAX_FILES = 100
_ZIP_MARK = b"PK\x03\x04"
_SLOT_KINDS: dict[str, SlotKind] = {"int": "number", "double": "number", "list": "list"}
_FLOW_TYPES: dict[SlotKind, str] = {"number": "double", "list": "list"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""One fixed time in the zip: the same version always exports the same bytes."""


def is_zip(content: bytes) -> bool:
    """Say whether this is a zip."""
    return content.startswith(_ZIP_MARK)


def recognises(filename: str, text: str) -> bool:
    """Say whether this looks like a prompt of Promptflow, or the flow file itself."""
    return filename.endswith((".jinja2", ".jinja", ".j2", FLOW_FILE)) or "nodes:" in text[:5000]


def read(text: str) -> Imported:
    """Return the template in a prompt file."""
    if text.startswith("nodes:") or "\nnodes:" in text:
        raise Invalid(
            _("This is a flow; the wording is in the file its step names."),
            hint=_("Import a zip with the flow and that file, or the .jinja2 file alone."),
        )
    return assembled(Reading(), SlotNames(), sections_of(text, read_jinja))


def read_zip(content: bytes) -> Imported:
    """Return the template of the one model step of a zipped flow."""
    files = _unzipped(content)
    flow_path = next((path for path in files if path.split("/")[-1] == FLOW_FILE), None)
    if flow_path is None:
        raise Invalid(
            _("The zip holds no “%(file)s”.") % {"file": FLOW_FILE},
            hint=_("Zip the folder of the flow, or import its .jinja2 file alone."),
        )
    folder = flow_path.removesuffix(FLOW_FILE)
    flow = read_yaml(decoded(files[flow_path], flow_path))
    reading, names = Reading(), SlotNames()
    reading.name = text_of(flow, "display_name") or folder.strip("/")
    reading.title = reading.name
    reading.purpose = text_of(flow, "description")
    node = _model_step(reading, flow)
    source = _wording_file(files, folder, node)
    _take_inputs(reading, names, flow, node)
    if OUR_FILE in {path.removeprefix(folder) for path in files}:
        reading.take_ours(read_yaml(decoded(files[folder + OUR_FILE], OUR_FILE)))
    return assembled(reading, names, sections_of(decoded(files[source], source), read_jinja))


def write(template: Portable) -> Exported:
    """Return a zip: the flow, its prompt, and the settings of our slots in a file of their own."""
    source = f"{template.name}.jinja2"
    slots = template.wording.slots
    flow = {
        "display_name": template.name,
        "description": template.purpose,
        "inputs": {slot.name: _flow_input(slot) for slot in slots},
        "outputs": {"answer": {"type": "string", "reference": "${answer.output}"}},
        "nodes": [
            {
                "name": "answer",
                "type": "llm",
                "source": {"type": "code", "path": source},
                "inputs": {slot.name: f"${{inputs.{slot.name}}}" for slot in slots},
                "api": "chat",
            }
        ],
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, text in (
            (FLOW_FILE, write_yaml(flow)),
            (source, with_role_lines(template.wording, title)),
            (OUR_FILE, write_yaml({"allotment": ours(template)})),
        ):
            zipped.writestr(zipfile.ZipInfo(path, _EPOCH), text.encode())
    return Exported(f"{template.name}.promptflow.zip", "application/zip", archive.getvalue())


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Return the small files of a zip. Never trusts the sizes it states: each read stops at the limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            entries = [entry for entry in zipped.infolist() if not entry.is_dir()]
            if len(entries) > _MAX_FILES:
                raise TooLarge(
                    _("The zip holds more than %(most)s files.") % {"most": _MAX_FILES},
                    hint=_("Zip only the flow and its prompt."),
                )
            return {
                entry.filename: _read_entry(zipped, entry)
                for entry in entries
                if _is_of_interest(entry.filename)
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Invalid(
            _("The zip cannot be opened."), hint=_("Zip the folder again, without a password.")
        ) from error


def _is_of_interest(path: str) -> bool:
    return path.endswith((".yaml", ".yml", ".jinja2", ".jinja", ".j2", ".md", ".txt"))


def _read_entry(zipped: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with zipped.open(entry) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TooLarge(
            _("The file “%(file)s” in the zip is larger than %(most)s kB.")
            % {"file": entry.filename[:80], "most": MAX_BYTES // 1024},
            hint=_("Zip only the flow and its prompt."),
        )
    return content


def _model_step(reading: Reading, flow: Mapped) -> Mapped:
    nodes = [mapped({"it": node}, "it") for node in listed(flow, "nodes")]
    asking = [node for node in nodes if text_of(node, "type") in {"llm", "prompt"}]
    if len(asking) != 1:
        found = ", ".join(text_of(node, "name")[:40] for node in asking) or _("none")
        raise Invalid(
            _("A template comes from a flow with exactly one model step; this one has: %(steps)s.")
            % {"steps": found},
            hint=_("Import the .jinja2 file of each step alone."),
            where="nodes",
        )
    if len(nodes) > 1:
        reading.leave_out(_("The other steps of the flow were left out: a template is wording only."))
    if any(key in asking[0] for key in ("connection", "provider")) or mapped(asking[0], "inputs").keys() & {
        "deployment_name",
        "model",
    }:
        reading.leave_out(
            _("The model and its connection were left out; choose a model where the template is used.")
        )
    return asking[0]


def _wording_file(files: dict[str, bytes], folder: str, node: Mapped) -> str:
    named = text_of(mapped(node, "source"), "path")
    path = normpath(folder + named)
    if not named or path.startswith(("/", "..")) or path not in files:
        raise Invalid(
            _("The flow names the file “%(file)s”, which is not in the zip.") % {"file": named[:80]},
            hint=_("Put the prompt's file next to the flow and zip both."),
            where="nodes.source.path",
        )
    return path


def _take_inputs(reading: Reading, names: SlotNames, flow: Mapped, node: Mapped) -> None:
    declared = mapped(flow, "inputs")
    for variable, value in mapped(node, "inputs").items():
        source = str(value).removeprefix("${inputs.").removesuffix("}")
        given = mapped(declared, source)
        if not given:
            continue
        name = names.slot_for(variable)
        default = given.get("default")
        reading.offer(
            Slot(
                name=name,
                label=text_of(given, "description")[:120] or label_from(name),
                kind=_SLOT_KINDS.get(text_of(given, "type"), "long text"),
                example=str(default) if isinstance(default, str | int | float) else "",
            )
        )


def _flow_input(slot: Slot) -> dict[str, object]:
    written: dict[str, object] = {"type": _FLOW_TYPES.get(slot.kind, "string"), "description": slot.label}
    if slot.example:
        written["default"] = slot.example
    return written
