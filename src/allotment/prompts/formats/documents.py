"""Reads YAML and JSON of unknown origin into plain data.

Invariant: only plain values come out; the work is bounded by the size of the text.
Refuses: files over the limit, other encodings than UTF-8, YAML tags and aliases (the “billion laughs”), deep nesting.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from django.utils.translation import gettext as _

from allotment.kernel.errors import Invalid, TooLarge

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
_REFERENCE = re.compile(r"\$\{\s*(?:env|file)\s*:[^}\n]{0,300}\}", re.IGNORECASE)

Mapped = Mapping[str, object]


class _PlainLoader(yaml.SafeLoader):
    """YAML's plain values, without aliases and without deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise Invalid(
                _("The file uses YAML aliases (“*name”), which can make a small file enormous."),
                hint=_("Write the repeated part out in full and import the file again."),
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep()
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _too_deep() -> Invalid:
    return Invalid(
        _("The file is nested more than %(most)s levels deep.") % {"most": MAX_DEPTH},
        hint=_("A prompt file needs a handful of levels; check that this is the right file."),
    )


def decoded(content: bytes, filename: str) -> str:
    """Return a file's text with one kind of line end; raises `TooLarge` or `Invalid`."""
    if len(content) > MAX_BYTES:
        raise TooLarge(
            _("The file “%(file)s” is larger than %(most)s kB.")
            % {"file": filename, "most": MAX_BYTES // 1024},
            hint=_("Import one prompt at a time."),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            _("The file “%(file)s” is not text in UTF-8.") % {"file": filename},
            hint=_("Save it as UTF-8 text and import it again."),
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_yaml(text: str) -> Mapped:
    """Return the mapping written as YAML."""
    try:
        return _mapping(yaml.load(text, Loader=_PlainLoader))  # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid(
            _("The file is not readable as YAML: %(problem)s") % {"problem": _first_line(error)},
            hint=_("Check the indentation and quotes at that place."),
        ) from error


def read_json(text: str) -> Mapped:
    """Return the object written as JSON."""
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Invalid(
            _("The file is not readable as JSON: %(problem)s") % {"problem": _first_line(error)},
            hint=_("Check the quotes and commas at that place."),
        ) from error


def read_either(text: str) -> Mapped:
    """Return the mapping written as JSON or YAML."""
    return read_json(text) if text.lstrip().startswith("{") else read_yaml(text)


def write_yaml(data: Any) -> str:
    """Return data as YAML that people can read."""
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))


def mapped(data: Mapped, key: str) -> Mapped:
    """Return the mapping at a key, or an empty one."""
    value = data.get(key)
    return {str(name): entry for name, entry in value.items()} if isinstance(value, Mapping) else {}


def listed(data: Mapped, key: str) -> list[object]:
    """Return the list at a key, or an empty one."""
    value = data.get(key)
    return value if isinstance(value, list) else []


def text_of(data: Mapped, key: str) -> str:
    """Return the text at a key, or an empty one."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def has_reference(text: str) -> bool:
    """Say whether text asks a loader to insert an environment variable or a file."""
    return _REFERENCE.search(text) is not None


def without_references(text: str) -> str:
    """Return text without requests to insert an environment variable or a file."""
    return _REFERENCE.sub("", text)


def _mapping(value: object) -> Mapped:
    if not isinstance(value, Mapping):
        raise Invalid(
            _("The file does not hold named values."),
            hint=_("A prompt file is a list of “key: value” pairs; check that this is the right file."),
        )
    return {str(key): entry for key, entry in value.items()}


def _first_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _("it is nested too deep")
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and mark is not None:
        return _("%(problem)s, line %(line)s") % {"problem": error.problem, "line": mark.line + 1}
    return str(error).split("\n", 1)[0][:200]
