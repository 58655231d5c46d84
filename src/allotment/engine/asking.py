"""Asking a model: the request, the stream that comes back, and the `Provider` port that plugins implement.

Shapes follow the OpenAI chat completions API (the field's common tongue); `adapters/providers/` translates.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

FinishReason = Literal["stop", "length", "filtered"]
_MOST_TOKENS = 1_000_000_000
"""More than any question and answer; what counts higher does not count."""


class Message(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class AnswerText(msgspec.Struct, frozen=True):
    """Free text."""

    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class AnswerLabel:
    """Exactly one of these labels."""

    labels: tuple[str, ...]
    kind: Literal["label"] = "label"


@dataclass(frozen=True)
class AnswerFields:
    """An object that fits `schema`: JSON Schema of flat named fields (string, number, boolean, list of string)."""

    schema: Mapping[str, Any]
    kind: Literal["fields"] = "fields"


AnswerFormat = AnswerText | AnswerLabel | AnswerFields


class ChatRequest(msgspec.Struct, frozen=True):
    """What is asked of a model."""

    model: str
    """The provider's own name of the model."""
    messages: tuple[Message, ...]
    answer: AnswerFormat = AnswerText()
    max_tokens: int = 512
    temperature: float = 0.2
    seed: int | None = None
    is_streamed: bool = True
    """Whether pieces are wanted as they come; without, a provider may send the whole answer at once."""
    idempotency: str = ""
    """Names this question: a provider that knows `Idempotency-Key` answers it once, however often it is asked."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes beside the body."""
        return {"Idempotency-Key": self.idempotency} if self.idempotency else {}


class Usage(msgspec.Struct, frozen=True):
    """Tokens counted by the provider; `estimated` when it did not say and we counted characters / 4."""

    tokens_in: int
    tokens_out: int
    estimated: bool = False

    @property
    def is_said(self) -> bool:
        """Whether these are numbers of tokens. Some servers count nothing, or below zero, or anything at all."""
        return self.tokens_in >= 0 <= self.tokens_out and 0 < self.tokens_in + self.tokens_out < _MOST_TOKENS


class ChatDelta(msgspec.Struct, frozen=True):
    """A piece of the answer. The last one carries `finish` and `usage`."""

    text: str = ""
    finish: FinishReason | None = None
    usage: Usage | None = None


class Provider(Protocol):
    """A connection to one model provider. Raises `kernel.errors.ProviderError`, never a library's error."""

    def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Stream the answer: any number of text deltas, then exactly one with `finish` and `usage`.

        For `AnswerLabel` the joined text is exactly one label; for `AnswerFields` it is a JSON object.
        Cancelling the iteration (or its task) cancels the call at the provider.
        """
        ...

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models this connection offers; also proves that the credential works."""
        ...


@dataclass(frozen=True)
class ConnectionField:
    """One thing a person fills in to connect a provider."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    is_required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and label of what may be chosen; empty when anything may be typed."""


class ProviderPlugin(Protocol):
    """A kind of provider: one folder in `adapters/providers/`."""

    kind: str
    title: str
    description: str
    fields: tuple[ConnectionField, ...]
    runs_here: bool
    """True when what is asked never leaves this machine (the practice model)."""
    for_tests: bool
    """True when it is offered only in an installation made for tests (`settings().scripted_model`)."""

    def connect(self, values: Mapping[str, str], outbound: Any) -> Provider:
        """Return a provider for these field values. `outbound` is a `kernel.outbound.Outbound`."""
        ...
