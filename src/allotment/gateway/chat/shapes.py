"""The shapes of requests and answers, as OpenAI's API reference gives them (chat completions, models, errors).

Invariant: a field this door does not know is refused, so that nothing a caller meant is left out silently. Fields that
are known and not supported are read here and refused with words in `reading.py`.
"""

from typing import Any, Literal

import msgspec

_Given = Any
"""Of a field that is only looked at to see whether it means something."""


class Prompt(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Names an approved template version, and what goes into its slots."""

    id: str
    version: int | str | None = None
    variables: dict[str, str | int] | None = None


class Part(msgspec.Struct, frozen=True):
    """A part of a message; only text is taken."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One message in the caller's own words. Clients send answers back whole, so empty fields are taken."""

    role: str
    content: str | list[Part] | None = None
    name: _Given = None
    refusal: _Given = None
    audio: _Given = None
    annotations: _Given = None
    tool_calls: _Given = None
    tool_call_id: _Given = None
    function_call: _Given = None


class JsonSchema(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The fields an answer must have. Only `schema` says something about them; see `shaping.py`."""

    name: str
    schema: dict[str, Any] | None = None
    description: _Given = None
    strict: _Given = None


class ResponseFormat(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Text, or an object that fits a schema."""

    type: str
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    """What a stream carries beside the text."""

    include_usage: bool | None = None


class ChatCompletionRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a caller asks."""

    model: str
    messages: list[ChatMessage] | None = None
    prompt: Prompt | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    response_format: ResponseFormat | None = None
    # Taken and left unused: they change nothing about the answer.
    user: _Given = None
    metadata: _Given = None
    safety_identifier: _Given = None
    prompt_cache_key: _Given = None
    prompt_cache_retention: _Given = None
    service_tier: _Given = None
    parallel_tool_calls: _Given = None
    # Refused unless they are empty or neutral.
    n: _Given = None
    store: _Given = None
    tools: _Given = None
    tool_choice: _Given = None
    functions: _Given = None
    function_call: _Given = None
    logprobs: _Given = None
    top_logprobs: _Given = None
    logit_bias: _Given = None
    top_p: _Given = None
    frequency_penalty: _Given = None
    presence_penalty: _Given = None
    stop: _Given = None
    modalities: _Given = None
    audio: _Given = None
    prediction: _Given = None
    reasoning_effort: _Given = None
    verbosity: _Given = None
    web_search_options: _Given = None


class Said(msgspec.Struct, frozen=True):
    """The answer as a message."""

    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class Choice(msgspec.Struct, frozen=True):
    """The one answer."""

    message: Said
    finish_reason: str
    index: int = 0
    logprobs: None = None


class Tokens(msgspec.Struct, frozen=True):
    """What was used."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Governance(msgspec.Struct, frozen=True):
    """What the gate did, beside the answer: `allotment` in a completion and in the last piece of a stream."""

    entry: int
    """The ticket of the journal entry."""
    receipt: str
    """The id of the request: `GET /v1/receipts/{id}` answers its receipt."""
    model: str
    """The title of the model that answered, which may be a fallback."""
    masked: dict[str, int]
    """How many values of each kind the model never saw."""
    withheld: dict[str, int]
    """How many values of each kind were taken out of the answer: secrets."""
    found: dict[str, int]
    """How many values of each kind stand in the answer that no question held: personal data, shown and counted."""
    warnings: tuple[str, ...] = ()


class ChatCompletion(msgspec.Struct, frozen=True):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: tuple[Choice]
    usage: Tokens
    allotment: Governance
    object: Literal["chat.completion"] = "chat.completion"


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a piece of a stream adds."""

    content: str | None = None
    role: Literal["assistant"] | None = None


class ChunkChoice(msgspec.Struct, frozen=True):
    """A piece of the one answer."""

    delta: Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class ChatCompletionChunk(msgspec.Struct, frozen=True):
    """A piece of a streamed answer."""

    id: str
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: Tokens | msgspec.UnsetType | None = msgspec.UNSET
    allotment: Governance | msgspec.UnsetType = msgspec.UNSET
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


class Model(msgspec.Struct, frozen=True):
    """A model that may be asked."""

    id: str
    title: str
    is_default: bool
    created: int = 0
    owned_by: str = "allotment"
    object: Literal["model"] = "model"


class ModelList(msgspec.Struct, frozen=True):
    """The models this key may ask."""

    data: tuple[Model, ...]
    object: Literal["list"] = "list"


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, for a person and for a program."""

    message: str
    type: str
    code: str
    param: str | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """OpenAI's shape of an error."""

    error: Problem
