"""The shape of an answer: from the schema a caller sends to one of our own.

Owns the rebuilding. Invariant: nothing of a caller's schema goes on but types, names of fields and choices, all of
them short and looked through; what goes on is built here, word by word. `title`, `description`, `$schema` and `strict`
say nothing about the shape: they are taken and left out, and no model sees them. Refuses every other word by name
(references, patterns, ranges, alternatives), and names or choices that hold personal data or a secret: those
cannot be masked, for the answer has to repeat them. That refusal is an error of its own, `HeldBack`: the door records
it, so that nobody tries out what the screening finds without a trace.

Names and choices are still words of the caller's own that a model reads. Whoever sends some needs the right to free
words; see `asking.py`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from allotment.engine.asking import AnswerFields, AnswerFormat, AnswerText
from allotment.gateway.chat.shapes import ResponseFormat
from allotment.kernel.errors import Invalid
from allotment.screening.findings import Detected
from allotment.screening.matching import flat
from allotment.screening.scanning import is_clear, scan

MOST_FIELDS: Final = 50
MOST_CHOICES: Final = 50
LONGEST_CHOICE: Final = 100
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_PLAIN_TYPES = frozenset({"string", "number", "integer", "boolean"})
_SAYS_NOTHING = frozenset({"title", "description", "$schema", "strict"})
_SHOWN = 40
"""Characters of a caller's word that an error repeats."""
_SCHEMA = "response_format.json_schema.schema"
_PROPERTIES = f"{_SCHEMA}.properties"


class HeldBack(Invalid):
    """A name or a choice holds something that may not leave. It repeats the kind of it only."""

    code = "content_policy"

    def __init__(self, kind: Detected, where: str) -> None:
        super().__init__(
            f"The schema of the answer holds something that may not leave: {kind.value}.",
            hint="A schema cannot be masked. Take it out, or send it as a value in a slot of a template.",
            where=where,
        )
        self.kind = kind


def answer_format(given: ResponseFormat | None) -> AnswerFormat:
    """Return the format a provider is asked for; raises `Invalid` for one it cannot be held to."""
    if given is None or given.type == "text":
        return AnswerText()
    schema = given.json_schema.schema if given.type == "json_schema" and given.json_schema else None
    if schema is None:
        raise Invalid(
            "This answer format is not supported.",
            hint='Ask for {"type": "text"}, or for {"type": "json_schema"} with the fields you need.',
            where="response_format",
        )
    return AnswerFields(_rebuilt(schema))


def _rebuilt(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, dict) or not properties:
        raise _unfit("Its top has to be an object with named fields.", _SCHEMA)
    _refuse_words(schema, ("type", "properties", "required", "additionalProperties"), _SCHEMA)
    if schema.get("additionalProperties", False) is not False:
        raise _unfit("“additionalProperties” can only be false.", f"{_SCHEMA}.additionalProperties")
    if len(properties) > MOST_FIELDS:
        raise _unfit(f"It has more than {MOST_FIELDS} fields.", _PROPERTIES)
    for name in properties:
        if not _NAME.fullmatch(name):
            raise _unfit(
                "The name of a field is a letter, then at most 39 letters, digits or underscores.",
                _PROPERTIES,
            )
    fields = {name: _field(field, f"{_PROPERTIES}.{name}") for name, field in properties.items()}
    _refuse_findings(fields)
    return {
        "type": "object",
        "properties": fields,
        "required": _required(schema.get("required"), fields),
        "additionalProperties": False,
    }


def _field(given: Any, where: str) -> dict[str, Any]:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "array":
        items = given.get("items")
        if not isinstance(items, dict) or items.get("type") != "string":
            raise _unfit("A list can only be one of texts.", f"{where}.items")
        _refuse_words(given, ("type", "items"), where)
        _refuse_words(items, ("type",), f"{where}.items")
        return {"type": "array", "items": {"type": "string"}}
    if not isinstance(kind, str) or kind not in _PLAIN_TYPES:
        raise _unfit("A field is neither text, number, yes or no, nor a list of texts.", where)
    _refuse_words(given, ("type", "enum") if kind == "string" else ("type",), where)
    return (
        {"type": kind, "enum": _choices(given["enum"], f"{where}.enum")}
        if "enum" in given
        else {"type": kind}
    )


def _choices(given: Any, where: str) -> list[str]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_CHOICES:
        raise _unfit(f"“enum” is a list of 1 to {MOST_CHOICES} texts.", where)
    if not all(isinstance(one, str) and len(one) <= LONGEST_CHOICE for one in given):
        raise _unfit(f"Each choice of an “enum” is a text of at most {LONGEST_CHOICE} characters.", where)
    return given


def _required(given: Any, fields: Mapping[str, Any]) -> list[str]:
    """Return which fields an answer must have: those named, or all where none are."""
    if given is None:
        return list(fields)
    if not isinstance(given, list) or not all(isinstance(name, str) and name in fields for name in given):
        raise _unfit("“required” is a list of names of its fields.", f"{_SCHEMA}.required")
    return [name for name in fields if name in given]


def _refuse_words(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for word in given:
        if word not in known and word not in _SAYS_NOTHING:
            raise _unfit(f"“{word[:_SHOWN]}” is not taken here.", f"{where}.{word[:_SHOWN]}")


def _refuse_findings(fields: Mapping[str, Mapping[str, Any]]) -> None:
    texts = [text for name, field in fields.items() for text in (name, *field.get("enum", ()))]
    if is_clear(flat("\n".join(texts))):
        return
    for name, field in fields.items():
        _refuse_held((name,), _PROPERTIES)
        _refuse_held(field.get("enum", ()), f"{_PROPERTIES}.{name}.enum")


def _refuse_held(texts: Iterable[str], where: str) -> None:
    for text in texts:
        if found := scan(text):
            raise HeldBack(found[0].kind, where)


def _unfit(why: str, where: str) -> Invalid:
    return Invalid(
        f"The schema of the answer is not supported. {why}",
        hint="Use an object of flat fields: string (with or without an enum), number, integer, boolean, or a list of "
        "strings. Leave everything else out.",
        where=where,
    )
