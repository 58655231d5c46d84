"""Reading what a caller sent: the body into a request, and a no with words for what this door does not do.

Invariant: what is not supported and would change the answer is refused by name; what is empty or neutral is taken.
"""

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec

from allotment.engine.asking import Message
from allotment.gateway.chat.shapes import ChatCompletionRequest, ChatMessage
from allotment.kernel.errors import Invalid

MOST_MESSAGES: Final = 200
_HOTTEST: Final = 2.0
_SEED_BITS: Final = 63
_ROLES: Mapping[str, Any] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")

_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "store": (False,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "stop": ([],),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "verbosity": (),
    "web_search_options": (),
}
"""Values with which a field we do not support means nothing; null always does."""
_unsupported_in = attrgetter(*_NEUTRAL)
_NOTHING = (None,) * len(_NEUTRAL)
_EMPTY_IN_MESSAGES = (
    "name",
    "refusal",
    "audio",
    "annotations",
    "tool_calls",
    "tool_call_id",
    "function_call",
)

_decode = msgspec.json.Decoder(ChatCompletionRequest).decode


def read_request(body: bytes | bytearray) -> ChatCompletionRequest:
    """Return the request in `body`; raises `Invalid` naming the field that does not fit."""
    try:
        request = _decode(body)
    except msgspec.ValidationError as error:
        raise _misshapen(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            "The body of this request is not JSON.",
            hint="Send one JSON object, encoded as UTF-8.",
            code="invalid_json",
        ) from error
    _refuse_unsupported(request)
    return request


def messages_of(request: ChatCompletionRequest) -> tuple[Message, ...]:
    """Return the caller's own words; raises `Invalid` for what is not text."""
    given = request.messages or []
    if not given:
        raise Invalid(
            "This request asks nothing: it names no template and holds no messages.",
            hint='Name an approved template: {"prompt": {"id": …, "version": …, "variables": …}}.',
            where="messages",
        )
    if len(given) > MOST_MESSAGES:
        raise Invalid(
            f"This conversation has {len(given)} messages; at most {MOST_MESSAGES} are taken.",
            hint="Leave out the oldest.",
            where="messages",
        )
    return tuple(_message(number, one) for number, one in enumerate(given))


def _message(number: int, given: ChatMessage) -> Message:
    where = f"messages.{number}"
    role = _ROLES.get(given.role)
    if role is None:
        raise Invalid(
            "A message has a role that is not supported here.",
            hint="Use system, developer, user or assistant.",
            where=f"{where}.role",
        )
    for name in _EMPTY_IN_MESSAGES:
        if getattr(given, name):
            raise _unsupported(f"{where}.{name}", name)
    if isinstance(given.content, str):
        return Message(role, given.content)
    parts = given.content or []
    if not parts or any(part.type != "text" for part in parts):
        raise Invalid(
            "A message holds something else than text, which is not supported here.",
            hint="Send text only; images, sound and files are not taken.",
            where=f"{where}.content",
        )
    return Message(role, "\n".join(part.text for part in parts))


def _refuse_unsupported(request: ChatCompletionRequest) -> None:
    given = _unsupported_in(request)
    if given != _NOTHING:
        for value, (name, neutral) in zip(given, _NEUTRAL.items(), strict=True):
            if value is not None and value not in neutral:
                raise _unsupported(name, name)
    temperature, seed = request.temperature, request.seed
    if temperature is not None and not 0 <= temperature <= _HOTTEST:
        raise _out_of_range("temperature", "between 0 and 2")
    if seed is not None and not -(1 << _SEED_BITS) <= seed < 1 << _SEED_BITS:
        raise _out_of_range("seed", "a whole number of 64 bits")
    for name in ("max_completion_tokens", "max_tokens"):
        most = getattr(request, name)
        if most is not None and most < 1:
            raise _out_of_range(name, "at least 1")


def _unsupported(where: str, name: str) -> Invalid:
    return Invalid(
        f"“{name}” is not supported here, and leaving it out would change the answer.",
        hint="Send the request without it.",
        where=where,
        code="unsupported_parameter",
    )


def _out_of_range(where: str, allowed: str) -> Invalid:
    return Invalid(f"“{where}” has to be {allowed}.", hint="Change it, or leave it out.", where=where)


def _misshapen(said: str) -> Invalid:
    """Turn msgspec's words into ours; they name fields and types, never values."""
    if unknown := _UNKNOWN_FIELD.search(said):
        return Invalid(
            "This request has a field that is not known here.",
            hint="Send it without the field that is named.",
            where=unknown[1][:60],
            code="unknown_parameter",
        )
    place = _WHERE.search(said)
    return Invalid(
        f"This request does not fit: {said}.",
        hint="Mend the field that is named.",
        where=place[1] if place else "",
    )
