"""Finds every structural problem of plain data at once, in words, by walking the published schema.

msgspec stops at the first problem and jsonschema words them for programmers; a maker mends all in one go.
Covers exactly the keywords that the schema of `app` uses.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from allotment.engine.nearest import did_you_mean
from allotment.engine.spec.problems import SpecProblem
from allotment.engine.spec.schema import json_schema
from allotment.engine.spec.words import NAME_PATTERN, REFERENCE_PATTERN
from allotment.engine.spec.yaml_text import Position

_SCHEMA = json_schema()
_DEFINITIONS: Mapping[str, Any] = _SCHEMA["$defs"]
_NAMED_BY = ("step", "field")
"""Parts of lists go by these keys when they have them: `steps.reply`, not `steps.1`."""

Schema = Mapping[str, Any]
Found = Iterator[tuple[Position, str, str]]


def structural_problems(
    data: Any, line_of: Callable[[Position], int | None] = lambda _: None
) -> tuple[SpecProblem, ...]:
    """Return what keeps plain data from being an app, in the order of the text."""
    return tuple(
        SpecProblem(where(data, position), message, remedy, line_of(position))
        for position, message, remedy in _walk(data, _SCHEMA, ())
    )


def where(data: Any, position: Position) -> str:
    """Return a position in words people can follow: `steps.reply.with.text`."""
    names: list[str] = []
    for key in position:
        data = _child(data, key)
        name = next(
            (data[by] for by in _NAMED_BY if isinstance(data, dict) and isinstance(data.get(by), str)), None
        )
        is_named = isinstance(key, int) and name is not None and re.search(NAME_PATTERN, name)
        names.append(str(name) if is_named else str(key + 1) if isinstance(key, int) else str(key))
    return ".".join(names) or "the app"


def _child(data: Any, key: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(key)
    return data[key] if isinstance(data, list | tuple) and isinstance(key, int) and key < len(data) else None


def _walk(data: Any, schema: Schema, position: Position) -> Found:
    if "$ref" in schema:
        schema = _DEFINITIONS[schema["$ref"].rpartition("/")[2]]
    if "discriminator" in schema:
        yield from _tagged(data, schema["discriminator"], position)
    elif "anyOf" in schema:
        if data is not None:
            yield from _walk(data, schema["anyOf"][0], position)
    elif "enum" in schema:
        yield from _one_of(data, schema["enum"], position)
    else:
        yield from _WALKS[schema["type"]](data, schema, position)


def _tagged(data: Any, discriminator: Schema, position: Position) -> Found:
    if not isinstance(data, dict):
        yield position, "This is not a step.", "Write `{step: …, do: …}`."
        return
    key, kinds = discriminator["propertyName"], discriminator["mapping"]
    kind = data.get(key)
    if isinstance(kind, str) and kind in kinds:
        yield from _walk(data, {"$ref": kinds[kind]}, position)
    elif key in data:
        yield (
            (*position, key),
            f"{_shown(kind)} is not something a step can do.",
            did_you_mean(str(kind), kinds),
        )
    else:
        yield position, "It does not say what the step does.", f"Add `do:` with one of: {', '.join(kinds)}."


def _one_of(data: Any, allowed: list[Any], position: Position) -> Found:
    if not any(type(data) is type(value) and data == value for value in allowed):
        yield position, f"{_shown(data)} is not known here.", did_you_mean(str(data), map(str, allowed))


def _object(data: Any, schema: Schema, position: Position) -> Found:
    if not isinstance(data, dict):
        yield position, "This must be a group of `key: value` pairs.", "Write it as the examples do."
        return
    if len(data) > schema.get("maxProperties", len(data)):
        yield (
            position,
            f"There are {len(data)}; at most {schema['maxProperties']} are allowed.",
            "Remove some.",
        )
    for key in schema.get("required", ()):
        if key not in data:
            yield position, f"“{key}” is missing.", f"Add `{key}:`."
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", False)
    for key, value in data.items():
        place = (*position, key)
        if key in properties:
            yield from _walk(value, properties[key], place)
        elif others is False:
            yield place, f"{_shown(key)} is not known here.", did_you_mean(str(key), properties)
        else:
            yield from _walk(key, {"type": "string", **schema.get("propertyNames", {})}, place)
            yield from _walk(value, others, place)


def _array(data: Any, schema: Schema, position: Position) -> Found:
    if not isinstance(data, list | tuple):
        yield position, "This must be a list.", "Start each line with a hyphen, or use square brackets."
        return
    if len(data) > schema.get("maxItems", len(data)):
        yield position, f"There are {len(data)}; at most {schema['maxItems']} are allowed.", "Remove some."
    for index, value in enumerate(data):
        yield from _walk(value, schema["items"], (*position, index))


def _string(data: Any, schema: Schema, position: Position) -> Found:
    if not isinstance(data, str):
        yield position, f"{_shown(data)} is not text.", "Put it in quotes."
    elif len(data) < schema.get("minLength", 0):
        yield position, "This is empty.", "Write something, or leave the whole line out."
    elif len(data) > schema.get("maxLength", len(data)):
        yield (
            position,
            f"This has {len(data)} characters; at most {schema['maxLength']} are allowed.",
            "Shorten it.",
        )
    elif any("\ud800" <= character <= "\udfff" for character in data):
        yield position, "This holds half a character.", "Type the text again."
    elif "pattern" in schema and re.search(schema["pattern"], data) is None:
        yield position, *_wording(data, schema["pattern"])


def _wording(text: str, pattern: str) -> tuple[str, str]:
    if pattern == REFERENCE_PATTERN:
        return f"“{text}” does not name a template and its version.", "Write it like `customer-reply@2`."
    if "a-z" in pattern:
        return (
            f"“{text}” cannot be a name.",
            "Use small letters, digits, hyphens and underscores, a letter first.",
        )
    return "This holds characters that cannot be stored.", "Type the text again without control characters."


def _integer(data: Any, schema: Schema, position: Position) -> Found:
    if isinstance(data, bool) or not isinstance(data, int):
        yield position, f"{_shown(data)} is not a whole number.", "Write digits only."
    elif not schema["minimum"] <= data <= schema["maximum"]:
        yield position, f"{data} is out of range.", f"Use {schema['minimum']} to {schema['maximum']}."


def _boolean(data: Any, _: Schema, position: Position) -> Found:
    if not isinstance(data, bool):
        yield position, f"{_shown(data)} is neither true nor false.", "Write `true` or `false`."


def _shown(data: Any) -> str:
    if isinstance(data, list | tuple | dict):
        return "A list or group"
    return "Nothing" if data is None else f"“{str(data)[:60]}”"


_WALKS: Mapping[str, Callable[[Any, Schema, Position], Found]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
}
