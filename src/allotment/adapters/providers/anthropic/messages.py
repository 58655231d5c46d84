"""The Messages API: streaming, and labels or fields by a tool the model must use.

Invariant: yields text deltas, then exactly one delta with `finish` and `usage`.
Source: https://docs.anthropic.com/en/api/messages-streaming, API version 2023-06-01.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from yarl import URL

from allotment.adapters.wires import answers
from allotment.engine.asking import AnswerText, ChatDelta, ChatRequest, FinishReason, Usage
from allotment.kernel.errors import ProviderError, Took
from allotment.kernel.outbound import Outbound, Patience, Reach, Rejected, Unreadable, decoded

_VERSION = "2023-06-01"
_BAD_REQUEST = 400
_FINISHES: Mapping[str, FinishReason] = {"max_tokens": "length", "refusal": "filtered"}
_TOOL = "answer"


class _Counted(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    @property
    def tokens_in(self) -> int:
        return (
            self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)
        )


class _Started(msgspec.Struct):
    usage: _Counted


class _Delta(msgspec.Struct):
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str
    message: _Started | None = None
    delta: _Delta | None = None
    usage: _Counted | None = None


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class Messages:
    """A `Provider` that speaks this API."""

    def __init__(self, url: str, key: str, reach: Reach, patience: Patience, outbound: Outbound) -> None:
        self._url = url
        self._headers = {"x-api-key": key, "anthropic-version": _VERSION}
        self._reach = reach
        self._patience = patience
        self._outbound = outbound
        self._without_temperature: set[str] = set()

    def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Stream the answer; see `engine.asking.Provider`."""
        return answers.fitted(request, self._ask)

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models on offer."""
        payload = await self._outbound.get_json(
            f"{self._url}/v1/models?limit=1000", headers=self._headers, reach=self._reach
        )
        return tuple(sorted(model.id for model in decoded(payload, _Models, self._host).data))

    @property
    def _host(self) -> str:
        return URL(self._url).host or self._url

    async def _ask(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Ask; newer models refuse a temperature, and are then asked without one."""
        while True:
            has_temperature = request.model not in self._without_temperature
            body = _body(request, has_temperature=has_temperature)
            try:
                async with aclosing(self._stream(request, body)) as deltas:
                    async for delta in deltas:
                        yield delta
            except Rejected as error:
                refuses = error.answered == _BAD_REQUEST and "temperature" in error.detail
                if not (has_temperature and refuses):
                    raise
                self._without_temperature.add(request.model)
            else:
                return

    async def _stream(self, request: ChatRequest, body: dict[str, Any]) -> AsyncGenerator[ChatDelta, None]:
        events = self._outbound.stream_events(
            f"{self._url}/v1/messages",
            body,
            headers={**self._headers, **request.headers},
            reach=self._reach,
            timeout=self._patience,
        )
        reading = _Reading(self._host)
        async with aclosing(events):
            async for event in events:
                if text := reading.take(decoded(event, _Event, self._host)):
                    yield ChatDelta(text=text)
                if reading.is_over:
                    break
        yield reading.last(request)


@dataclass
class _Reading:
    """What has arrived so far."""

    host: str
    text: str = ""
    stop: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    is_over: bool = False

    def take(self, event: _Event) -> str:
        """Note one event and return its text; the input of the forced tool counts as text."""
        if event.type == "error":
            error = ProviderError(
                f"{self.host} stopped with an error of its own.",
                hint="Try again in a moment.",
                retryable=True,
            )
            raise error if self.text else error.having_taken(Took(self.tokens_in, self.tokens_out))
        if event.message:
            self.tokens_in = event.message.usage.tokens_in
            self.tokens_out = event.message.usage.output_tokens
        if event.usage:
            self.tokens_out = event.usage.output_tokens
        self.is_over = event.type == "message_stop"
        if not event.delta:
            return ""
        self.stop = event.delta.stop_reason or self.stop
        text = event.delta.text or event.delta.partial_json
        self.text += text
        return text

    def last(self, request: ChatRequest) -> ChatDelta:
        """Return the delta that ends the answer, or raise when the answer never ended."""
        if self.stop is None and not self.text:
            raise Unreadable(f"{self.host} sent no answer.", hint="Check the address and the model's name.")
        if self.stop is None:
            raise ProviderError(
                f"{self.host} broke off before the answer was complete.",
                hint="Try again in a moment.",
                retryable=True,
            )
        counted = Usage(self.tokens_in, self.tokens_out)
        usage = counted if self.tokens_in else answers.estimated_usage(request, self.text)
        return ChatDelta(finish=_FINISHES.get(self.stop, "stop"), usage=usage)


def _body(request: ChatRequest, *, has_temperature: bool) -> dict[str, Any]:
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": [
            {"role": message.role, "content": message.content}
            for message in request.messages
            if message.role != "system"
        ],
    }
    if system:
        body["system"] = system
    if has_temperature:
        body["temperature"] = min(request.temperature, 1.0)
    if not isinstance(request.answer, AnswerText):
        body["tools"] = [
            {
                "name": _TOOL,
                "description": "Give the answer.",
                "input_schema": answers.schema_of(request.answer),
            }
        ]
        body["tool_choice"] = {"type": "tool", "name": _TOOL}
    return body
