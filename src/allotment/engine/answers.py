"""A model's answer against what the step asked for: the format to ask in, and the typed value that came back."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from allotment.engine.asking import AnswerFields, AnswerFormat, AnswerLabel, AnswerText
from allotment.engine.forms import Value
from allotment.engine.spec.app import Answer, AnswerFieldKind, Ask
from allotment.engine.state import StepValue
from allotment.kernel.errors import Invalid

_TOKENS_PER_WORD = 2
"""Generous for English, fair for languages with long words."""
_DEFAULT_TOKENS = {"text": 400, "label": 24, "fields": 400}
_LONGEST_FIELD = 400

_SCHEMAS: Mapping[AnswerFieldKind, Mapping[str, Any]] = {
    "text": {"type": "string", "maxLength": _LONGEST_FIELD},
    "number": {"type": "number"},
    "yes/no": {"type": "boolean"},
    "date": {"type": "string", "maxLength": 20},
    "list": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 20},
}


def format_of(answer: Answer) -> AnswerFormat:
    """Return the format a provider is asked for."""
    if answer.choice:
        return AnswerLabel(answer.choice)
    if answer.fields:
        properties = {name: _SCHEMAS[kind] for name, kind in answer.fields.items()}
        return AnswerFields(
            {
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            }
        )
    return AnswerText()


def most_tokens(answer: Answer) -> int:
    """Return how long the answer may get."""
    if answer.max_words:
        return answer.max_words * _TOKENS_PER_WORD
    return _DEFAULT_TOKENS[format_of(answer).kind]


def typed(step: Ask, text: str) -> StepValue:
    """Return the answer as the step promised it; raises `Invalid` naming the step."""
    if step.answer.choice:
        return _label(step, text)
    if step.answer.fields:
        return _fields(step, text)
    return text.strip()


def _label(step: Ask, text: str) -> str:
    for label in step.answer.choice:
        if label.casefold() == text.strip().casefold():
            return label
    raise Invalid(
        f"The model answered “{text.strip()[:60]}” in step “{step.step}”, which is none of the choices.",
        hint="Run it again, or ask with another model.",
        where=f"steps.{step.step}",
    )


def _fields(step: Ask, text: str) -> Mapping[str, Value]:
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Invalid(
            f"The model did not fill in the fields that step “{step.step}” asks for.",
            hint="Run it again, or ask with another model.",
            where=f"steps.{step.step}",
        )
    return {name: _field(kind, data.get(name)) for name, kind in step.answer.fields.items()}


def _field(kind: AnswerFieldKind, given: Any) -> Value:
    if given is None:
        return None
    if kind == "yes/no":
        return bool(given)
    if kind == "list":
        return tuple(str(item) for item in given) if isinstance(given, list) else (str(given),)
    text = str(given).strip()
    if kind == "number":
        return _number(text)
    return (_date(text) or text) if kind == "date" else text


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
