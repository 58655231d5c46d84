"""Asking a very small model so that it can answer.

Measured with SmolLM2-135M on five topics of bank customers' messages: asked plainly for JSON with a label
it finds 42 %, shown one invented example per label it finds 70 %. Fields get bounds, because a small model
fills a string for ever.
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from allotment.adapters.providers.practice.examples import as_turns
from allotment.engine.asking import AnswerFields, AnswerLabel, AnswerText, ChatRequest, Message

_MOST_EXAMPLES = 30
_LONGEST_STRING = 200
_MOST_ITEMS = 6

TEXT: Mapping[str, Any] = {"repeat_penalty": 1.1, "top_p": 0.9}
"""Sampling that keeps a small model from repeating itself where nothing shows it how it is done."""


def simplified(request: ChatRequest) -> tuple[ChatRequest, Mapping[str, Any]]:
    """Return the question in a form for a small model, and the server's extra parameters for it."""
    if isinstance(request.answer, AnswerLabel):
        return _with_examples(request, request.answer.labels), {"grammar": _grammar(request.answer.labels)}
    shown = replace(request, messages=as_turns(request.messages))
    is_shown = shown.messages != request.messages
    if isinstance(request.answer, AnswerFields):
        return replace(shown, answer=AnswerFields(_bounded(request.answer.schema))), {}
    return (replace(shown, temperature=0.0), {}) if is_shown else (request, TEXT)


def _with_examples(request: ChatRequest, labels: tuple[str, ...]) -> ChatRequest:
    listed = ", ".join(labels)
    told = [message.content for message in request.messages if message.role == "system"]
    told.append(f"You sort text. You answer with one of these labels and nothing else: {listed}.")
    messages = [Message("system", "\n\n".join(told))]
    for label in labels[:_MOST_EXAMPLES]:
        topic = label.replace("_", " ")
        messages += [Message("user", f"I have a question about {topic}."), Message("assistant", label)]
    messages += [message for message in request.messages if message.role != "system"]
    return replace(request, messages=tuple(messages), answer=AnswerText(), temperature=0.0)


def _grammar(labels: tuple[str, ...]) -> str:
    """Return a GBNF grammar (llama.cpp) of exactly these labels; its strings are escaped like JSON's."""
    return "root ::= " + " | ".join(json.dumps(label, ensure_ascii=False) for label in labels)


def _bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: _bounded_field(kind) for name, kind in schema.get("properties", {}).items()}
    return {**schema, "properties": properties}


def _bounded_field(kind: Mapping[str, Any]) -> dict[str, Any]:
    if kind.get("type") == "array":
        return {"maxItems": _MOST_ITEMS, **kind, "items": _bounded_field(kind.get("items", {}))}
    if kind.get("type") == "string" and "enum" not in kind:
        return {"maxLength": _LONGEST_STRING, **kind}
    return dict(kind)
