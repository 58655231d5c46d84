"""Spec YAML to plain data with line numbers, and back.

Invariant: a small, harmless part of YAML (text, whole numbers, true/false, null, lists, mappings), the part
that YAML 1.1 and 1.2 readers agree on. Refuses: anchors and aliases, tags, duplicate keys, deep nesting and
large texts.
"""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from allotment.engine.spec.problems import BrokenSpec, SpecProblem

MOST_BYTES = 200_000
MOST_DEPTH = 12
FLOW_WIDTH = 150
"""Characters up to which a form field, step or result part is written on one line."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

Position = tuple[str | int, ...]


@dataclass(frozen=True)
class Located:
    """Plain data and the line (from 1) of every part of it, by position."""

    data: Any
    lines: dict[Position, int] = field(default_factory=dict)

    def line_of(self, position: Position) -> int | None:
        """Return the line of the nearest part that was written down."""
        for length in range(len(position), -1, -1):
            if position[:length] in self.lines:
                return self.lines[position[:length]]
        return None


def parse(text: str) -> Located:
    """Return the data of one YAML document; raises `BrokenSpec`."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        _refuse(f"The text is larger than {MOST_BYTES // 1000} kB.", "Split the app into smaller apps.", None)
    try:
        return _Composer(yaml.parse(text, Loader=yaml.CSafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(
            f"This is not YAML: {error.problem or error.context}.",
            "Check the indentation, and put quotes round text with colons or brackets in it.",
            mark.line + 1 if mark else None,
        )
    except (yaml.YAMLError, UnicodeError):
        _refuse("The text holds characters that YAML does not allow.", "Type the affected text again.", None)


def _refuse(message: str, remedy: str, line: int | None) -> NoReturn:
    raise BrokenSpec([SpecProblem("the text", message, remedy, line)])


class _Composer:
    """Builds plain data from parser events, so that nothing is ever expanded or constructed."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._lines: dict[Position, int] = {}

    def document(self) -> Located:
        self._next()  # stream start
        if isinstance(self._next(), yaml.StreamEndEvent):
            _refuse("There is nothing in it.", "Start with `allotment: 1`.", 1)
        data = self._value(self._next(), ())
        self._next()  # document end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            _refuse("There is more than one document.", "Keep one app in a file.", _line(after))
        return Located(data, self._lines)

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _value(self, event: yaml.Event, position: Position) -> Any:
        line = _line(event)
        self._lines.setdefault(position, line)
        if len(position) > MOST_DEPTH:
            _refuse("This is nested too deeply.", "Write it as the examples do.", line)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse("References (& and *) are not allowed.", "Write the value out where it is used.", line)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, position)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, position)
        return _scalar(event, line)

    def _sequence(self, start: yaml.SequenceStartEvent, position: Position) -> list[Any]:
        _refuse_tag(start)
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*position, len(items))))
        return items

    def _mapping(self, start: yaml.MappingStartEvent, position: Position) -> dict[str, Any]:
        _refuse_tag(start)
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                _refuse("A key must be plain text.", "Write `key: value`.", line)
            key = str(event.value)
            if key in mapping:
                _refuse(f"“{key}” is given twice.", "Keep one of the two.", line)
            self._lines[(*position, key)] = line
            mapping[key] = self._value(self._next(), (*position, key))
        return mapping


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _refuse_tag(event: yaml.SequenceStartEvent | yaml.MappingStartEvent | yaml.ScalarEvent) -> None:
    if event.tag:
        _refuse(
            "Types (words with !) are not allowed.",
            "Remove the word with the exclamation mark.",
            _line(event),
        )


def _scalar(event: yaml.Event, line: int) -> Any:
    if not isinstance(event, yaml.ScalarEvent):
        _refuse("This cannot be read.", "Write it as the examples do.", line)
    _refuse_tag(event)
    text = str(event.value)
    if event.style not in {None, ""}:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


class _Dumper(yaml.SafeDumper):
    """Writes without references and with lists indented under their key."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def write(data: dict[str, Any]) -> str:
    """Return YAML in the order given: blocks outside, one line for every inner part that fits on one."""
    stream = io.StringIO()
    dumper = _Dumper(stream, allow_unicode=True, width=1_000_000, sort_keys=False)
    node = dumper.represent_data(data)
    _style(node, data, depth=0)
    dumper.open()
    dumper.serialize(node)
    dumper.close()
    return stream.getvalue()


def write_part(data: Any) -> str:
    """Return one part as YAML on a line of its own, for showing what changed."""
    text = yaml.dump(
        data, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=1_000_000, sort_keys=False
    )
    return str(text).removesuffix("\n").removesuffix("\n...")


def _style(node: yaml.Node, data: Any, *, depth: int) -> None:
    """Open the outer levels and whatever is too long or has lines of its own; keep the rest on one line."""
    if isinstance(node, yaml.ScalarNode):
        if "\n" in node.value:
            node.style = "|"
        return
    written = json.dumps(data, ensure_ascii=False)
    fits = len(written.replace('"', "")) <= FLOW_WIDTH and "\\n" not in written
    is_list_of_parts = depth == 1 and isinstance(data, list)
    if not isinstance(node, yaml.CollectionNode):
        return
    node.flow_style = depth > 0 and fits and not is_list_of_parts
    if isinstance(node, yaml.MappingNode):
        for (_, child), value in zip(node.value, data.values(), strict=True):
            _style(child, value, depth=depth + 1)
    else:
        for child, value in zip(node.value, data, strict=True):
            _style(child, value, depth=depth + 1)
