"""The OpenAI chat completions API, as OpenAI, Azure, Ollama, vLLM, llama.cpp and many others serve it.

Invariant: yields text deltas, then exactly one delta with `finish` and `usage`. Servers differ in what they
accept: what one refuses by name (HTTP 400) is left out from then on, for this connection and model.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import msgspec
from yarl import URL

from allotment.adapters.wires import answers
from allotment.engine.asking import AnswerText, ChatDelta, ChatRequest, FinishReason, Usage
from allotment.kernel.errors import NOTHING, ProviderError
from allotment.kernel.outbound import Outbound, Patience, Reach, Rejected, Unreadable, decoded

_BAD_REQUEST = frozenset({400, 422})
_FINISHES: Mapping[str, FinishReason] = {"length": "length", "content_filter": "filtered"}


@dataclass(frozen=True)
class Endpoint:
    """Where and how to reach one server."""

    url: str
    """Up to and including the version, without a trailing slash: `https://api.openai.com/v1`."""
    headers: Mapping[str, str]
    reach: Reach = Reach.PUBLIC
    patience: Patience = field(default_factory=Patience)
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Parameters beyond the standard ones, sent with every question."""

    @cached_property
    def host(self) -> str:
        """The host name, for messages."""
        return URL(self.url).host or self.url

    @cached_property
    def patience_for_all(self) -> Patience:
        """How long to wait for an answer that begins to arrive when it is complete."""
        return replace(self.patience, first_byte=self.patience.whole)


@dataclass(frozen=True)
class Habits:
    """What a server accepts; starts with everything and learns from refusals."""

    enforces_schema: bool = True
    counts_usage: bool = True
    takes_temperature: bool = True
    takes_seed: bool = True
    length_name: str = "max_tokens"

    def after(self, detail: str) -> "Habits":
        """Return the habits after a refusal in these words; the same when it names nothing to leave out."""
        said = detail.casefold()
        if self.enforces_schema and ("response_format" in said or "schema" in said):
            return replace(self, enforces_schema=False)
        if self.counts_usage and "stream_options" in said:
            return replace(self, counts_usage=False)
        if self.takes_temperature and "temperature" in said:
            return replace(self, takes_temperature=False)
        if self.takes_seed and "seed" in said:
            return replace(self, takes_seed=False)
        if self.length_name == "max_tokens" and "max_tokens" in said:
            return replace(self, length_name="max_completion_tokens")
        return self


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Counted(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Counted | None = None
    error: Any = None


class _WholeChoice(msgspec.Struct):
    message: _Delta
    finish_reason: str | None = None


class _WholeAnswer(msgspec.Struct):
    choices: list[_WholeChoice] = []
    usage: _Counted | None = None
    error: Any = None


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model] | None
    """Ollama answers null when it has none."""


class ChatCompletions:
    """A `Provider` that speaks this API."""

    def __init__(self, endpoint: Endpoint, outbound: Outbound) -> None:
        self._endpoint = endpoint
        self._outbound = outbound
        self._habits: dict[str, Habits] = {}

    def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Stream the answer; see `engine.asking.Provider`."""
        return answers.fitted(request, self.ask)

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models on offer."""
        payload = await self._outbound.get_json(
            f"{self._endpoint.url}/models", headers=self._endpoint.headers, reach=self._endpoint.reach
        )
        listed = decoded(payload, _Models, self._endpoint.host).data or []
        return tuple(sorted(model.id for model in listed))

    async def ask(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Ask without making the answer fit; leaves out one more parameter each time one is refused."""
        while True:
            habits = self._habits.get(request.model, Habits())
            try:
                if not request.is_streamed:
                    for delta in await self._whole(request, habits):
                        yield delta
                    return
                async with aclosing(self._stream(request, habits)) as deltas:
                    async for delta in deltas:
                        yield delta
            except Rejected as error:
                self._habits[request.model] = _learned(habits, error)
            else:
                return

    async def _whole(self, request: ChatRequest, habits: Habits) -> tuple[ChatDelta, ChatDelta]:
        """Ask for one JSON answer, which costs both sides a fraction of a stream."""
        endpoint = self._endpoint
        payload = await self._outbound.post_json(
            f"{endpoint.url}/chat/completions",
            _body(request, habits, endpoint.extras),
            headers={**endpoint.headers, **request.headers},
            reach=endpoint.reach,
            timeout=endpoint.patience_for_all,
            may_repeat=True,
        )
        answer = decoded(payload, _WholeAnswer, endpoint.host)
        reading = _Reading(endpoint.host, is_done=True)
        choices = [_Choice(choice.message, choice.finish_reason) for choice in answer.choices]
        text = reading.take(_Chunk(choices, answer.usage, answer.error))
        return ChatDelta(text=text), reading.last(request)

    async def _stream(self, request: ChatRequest, habits: Habits) -> AsyncGenerator[ChatDelta, None]:
        endpoint = self._endpoint
        events = self._outbound.stream_events(
            f"{endpoint.url}/chat/completions",
            _body(request, habits, endpoint.extras),
            headers={**endpoint.headers, **request.headers},
            reach=endpoint.reach,
            timeout=endpoint.patience,
        )
        reading = _Reading(endpoint.host)
        async with aclosing(events):
            async for event in events:
                if event == "[DONE]":
                    reading.is_done = True
                    break
                if text := reading.take(decoded(event, _Chunk, endpoint.host)):
                    yield ChatDelta(text=text)
        yield reading.last(request)


@dataclass
class _Reading:
    """What has arrived so far."""

    host: str
    text: str = ""
    finish: str | None = None
    counted: _Counted | None = None
    is_done: bool = False

    def take(self, chunk: _Chunk) -> str:
        """Note one chunk and return its text."""
        if chunk.error is not None:
            error = ProviderError(
                f"{self.host} stopped with an error of its own.",
                hint="Try again in a moment.",
                retryable=True,
            )
            raise error if self.text else error.having_taken(NOTHING)
        self.counted = chunk.usage or self.counted
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.finish = choice.finish_reason or self.finish
        text = choice.delta.content or ""
        self.text += text
        return text

    def last(self, request: ChatRequest) -> ChatDelta:
        """Return the delta that ends the answer, or raise when the answer never ended."""
        if self.finish is None and not (self.is_done and self.text):
            raise self._unfinished()
        usage = (
            Usage(self.counted.prompt_tokens, self.counted.completion_tokens)
            if self.counted
            else answers.estimated_usage(request, self.text)
        )
        return ChatDelta(finish=_FINISHES.get(self.finish or "", "stop"), usage=usage)

    def _unfinished(self) -> ProviderError:
        if not self.text:
            return Unreadable(f"{self.host} sent no answer.", hint="Check the address and the model's name.")
        return ProviderError(
            f"{self.host} broke off before the answer was complete.",
            hint="Try again in a moment.",
            retryable=True,
        )


def _learned(habits: Habits, error: Rejected) -> Habits:
    """Return better habits after a refusal, or raise what the person should read."""
    if error.answered not in _BAD_REQUEST:
        raise error
    said = error.detail.casefold()
    if "context" in said and any(word in said for word in ("length", "size", "window")):
        raise ProviderError(
            "The text is longer than this model can read at once.",
            hint="Shorten the text, or choose a model with a larger context.",
        ).having_taken(NOTHING) from error
    better = habits.after(error.detail)
    if better == habits:
        raise error
    return better


def _body(request: ChatRequest, habits: Habits, extras: Mapping[str, Any]) -> dict[str, Any]:
    asked = request if habits.enforces_schema else answers.instructed(request)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": message.role, "content": message.content} for message in asked.messages],
        "stream": request.is_streamed,
        habits.length_name: request.max_tokens,
        **extras,
    }
    if habits.counts_usage and request.is_streamed:
        body["stream_options"] = {"include_usage": True}
    if habits.takes_temperature:
        body["temperature"] = request.temperature
    if habits.takes_seed and request.seed is not None:
        body["seed"] = request.seed
    if habits.enforces_schema and not isinstance(request.answer, AnswerText):
        schema = {"name": "answer", "strict": True, "schema": answers.schema_of(request.answer)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body
