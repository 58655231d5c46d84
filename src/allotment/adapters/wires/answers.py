"""Making an answer fit: reads a label or named fields from a model's text, and asks once more when needed.

Invariant: what leaves here for `AnswerLabel` is exactly one of its labels, for `AnswerFields` a JSON object
that fits its schema; anything else is an error. Refuses to guess between two labels.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import UnknownType
from msgspec.structs import replace
from referencing import Registry
from referencing.exceptions import Unresolvable

from allotment.engine.asking import (
    AnswerFields,
    AnswerFormat,
    AnswerLabel,
    AnswerText,
    ChatDelta,
    ChatRequest,
    FinishReason,
    Message,
    Usage,
)
from allotment.kernel.errors import ProviderError, Took
from allotment.kernel.outbound import Unreadable

Ask = Callable[[ChatRequest], AsyncGenerator[ChatDelta, None]]
"""One call at a provider."""

_NOTHING_ELSEWHERE: Registry[Any] = Registry()
"""Knows no document and gets none."""
_UNUSABLE = (
    Unresolvable,
    UnknownType,
    re.error,
    # What jsonschema ends in when a keyword of a schema has a value of the wrong kind, or a schema has no end.
    AttributeError,
    RecursionError,
    TypeError,
    ValueError,
)
_QUOTED = 2_000
"""Characters of a misfit answer that are shown to the model again."""


def schema_of(answer: AnswerLabel | AnswerFields) -> dict[str, Any]:
    """Return the JSON Schema that enforces `answer`: every property required, none added."""
    if isinstance(answer, AnswerLabel):
        properties: Mapping[str, Any] = {"label": {"type": "string", "enum": list(answer.labels)}}
    else:
        properties = answer.schema.get("properties", {})
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def instruction(answer: AnswerLabel | AnswerFields) -> str:
    """Return the words that ask for `answer` where a provider cannot enforce it."""
    if isinstance(answer, AnswerLabel):
        labels = "\n".join(f"- {label}" for label in answer.labels)
        return f"Answer with exactly one of these labels and nothing else:\n{labels}"
    schema = json.dumps(schema_of(answer), ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must fit this JSON Schema:\n{schema}"


def instructed(request: ChatRequest) -> ChatRequest:
    """Return `request` with the instruction for its answer at the end of the last message."""
    if isinstance(request.answer, AnswerText):
        return request
    last = request.messages[-1]
    asked = replace(last, content=f"{last.content}\n\n{instruction(request.answer)}")
    return replace(request, messages=(*request.messages[:-1], asked))


def read(answer: AnswerFormat, text: str) -> str | None:
    """Return the part of `text` that fits `answer`, or None."""
    if isinstance(answer, AnswerLabel):
        return _label(answer.labels, text)
    if isinstance(answer, AnswerFields):
        return _fields(answer.schema, text)
    return text


def _label(labels: tuple[str, ...], text: str) -> str | None:
    found = _json_object(text)
    said = str(found["label"]) if found and "label" in found else text
    bare = said.strip().strip("\"'`*.“”").casefold()
    for label in labels:
        if label.casefold() == bare:
            return label
    named = [label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", said, re.IGNORECASE)]
    longest = max(named, key=len, default=None)
    if longest and all(label.casefold() in longest.casefold() for label in named):
        return longest
    return None


def _fields(schema: Mapping[str, Any], text: str) -> str | None:
    found = _json_object(text)
    if found is None or not _fits(schema, found):
        return None
    return json.dumps(found, ensure_ascii=False)


def _fits(schema: Mapping[str, Any], found: dict[str, Any]) -> bool:
    """Whether `found` fits; nothing fits a schema that cannot be followed. References are looked up nowhere.

    Without a registry of our own jsonschema would fetch what a `$ref` names, whatever the address.
    """
    try:
        return Draft202012Validator(schema, registry=_NOTHING_ELSEWHERE).is_valid(found)
    except _UNUSABLE:
        return False


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the first JSON object inside `text`, which may surround it with prose or a code fence."""
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):  # no JSON, or a number with more digits than Python reads
            start = text.find("{", start + 1)
            continue
        return found if isinstance(found, dict) else None
    return None


class Whole(msgspec.Struct, frozen=True):
    """A finished answer."""

    text: str
    finish: FinishReason
    usage: Usage


async def collected(deltas: AsyncIterator[ChatDelta]) -> Whole:
    """Wait for the whole answer."""
    pieces: list[str] = []
    finish: FinishReason = "stop"
    usage = Usage(0, 0)
    async for delta in deltas:
        pieces.append(delta.text)
        finish = delta.finish or finish
        usage = delta.usage or usage
    return Whole("".join(pieces), finish, usage)


def fitted(request: ChatRequest, ask: Ask) -> AsyncGenerator[ChatDelta, None]:
    """Ask and yield the answer: free text as it arrives; labels and fields once they fit, with one repair."""
    return ask(request) if isinstance(request.answer, AnswerText) else _made_to_fit(request, ask)


async def _made_to_fit(request: ChatRequest, ask: Ask) -> AsyncGenerator[ChatDelta, None]:
    whole = await collected(ask(request))
    text = read(request.answer, whole.text)
    if text is None and whole.finish != "filtered":
        first = _counted(request, whole)
        again = _repair(request, whole.text)
        try:
            whole = await collected(ask(again))
        except ProviderError as error:
            if error.took is not None:  # the first answer was paid for, whatever became of the second
                error.took = _took(_sum(first, Usage(*error.took)))
            raise
        whole = replace(whole, usage=_sum(first, _counted(again, whole)))
        text = read(request.answer, whole.text)
    if text is None and whole.finish != "filtered":
        raise _misfit(whole.finish).having_taken(_took(_counted(request, whole)))
    if text is not None:
        yield ChatDelta(text=text)
    yield ChatDelta(finish=whole.finish, usage=whole.usage)


def _repair(request: ChatRequest, misfit: str) -> ChatRequest:
    if isinstance(request.answer, AnswerText):
        return request
    again = f"That does not fit. {instruction(request.answer)}"
    said = Message("assistant", misfit[:_QUOTED] or "…")
    return replace(
        request,
        messages=(*request.messages, said, Message("user", again)),
        # Another question, so another answer is wanted.
        idempotency=request.idempotency and f"{request.idempotency}:again",
    )


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.tokens_in + other.tokens_in,
        one.tokens_out + other.tokens_out,
        one.estimated or other.estimated,
    )


def _counted(request: ChatRequest, whole: Whole) -> Usage:
    return whole.usage if whole.usage.is_said else estimated_usage(request, whole.text)


def _took(usage: Usage) -> Took:
    return Took(usage.tokens_in, usage.tokens_out, usage.estimated)


def _misfit(finish: FinishReason) -> Unreadable:
    if finish == "length":
        return Unreadable(
            "The model's answer was cut off before it was complete.",
            hint="Allow a longer answer in this step, or ask for fewer fields.",
        )
    return Unreadable(
        "The model's answer did not fit what the step asks for, twice.",
        hint="Ask for fewer or clearer labels or fields, or choose a stronger model.",
    )


def estimated_usage(request: ChatRequest, text: str) -> Usage:
    """Return a guess at the tokens: one for every four characters (OpenAI's rule of thumb for English)."""
    asked = sum(len(message.content) for message in request.messages)
    return Usage(-(-asked // 4), -(-len(text) // 4), estimated=True)
