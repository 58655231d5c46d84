"""What goes through the gate and what comes out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerFormat, Message, Usage
from allotment.engine.principals import Actor, Resource
from allotment.kernel import clock
from allotment.screening.findings import Detected, Treatment
from allotment.screening.masking import Remembered


class Stage(StrEnum):
    """The eight stages, in their order."""

    IDENTIFY = "identify"
    AUTHORISE = "authorise"
    LIMIT = "limit"
    SCREEN_IN = "screen in"
    PERFORM = "perform"
    SCREEN_OUT = "screen out"
    METER = "meter"
    RECORD = "record"


DEFAULT_TREATMENTS: Mapping[Detected, Treatment] = dict.fromkeys(Detected, "mask")
"""Everything the screens find is masked before it leaves; secrets are masked and never put back."""


class Claim(msgspec.Struct, frozen=True):
    """Something the actor must be allowed to do for the effect to pass."""

    action: Action
    resource: Resource


class Passage(msgspec.Struct, frozen=True):
    """On whose behalf, for what, an effect asks to pass. A capability: it goes stale."""

    actor: Actor | None
    """Read afresh for this step; None when the person may no longer sign in."""
    claims: tuple[Claim, ...]
    """What is decided before the model is: run this app, use this key. Never empty: nothing claimed is refused."""
    data_class: str
    """The class of the data in the question; see `engine.spec.app.DataClass`."""
    app: UUID | None
    version: int | None
    """Of the app; None for a trial of the working copy, and without an app."""
    space: UUID | None
    run: UUID
    """The run, or the request at the asynchronous door."""
    step: str
    expires_at: datetime
    key: UUID | None = None
    """The API key the request came with."""
    approver: UUID | None = None
    """Who approved the app's version or, without one, the template's."""
    treatments: Mapping[Detected, Treatment] = msgspec.field(default_factory=lambda: DEFAULT_TREATMENTS)
    issued: float = msgspec.field(default_factory=clock.since_boot)
    """When it was made, by a clock that nobody can set back."""
    patience_seconds: float = 0.0
    """How long it may wait for its turn while too many are at work, and for trouble that passes by itself.

    A program hears at once, a run waits.
    """
    keep: "Keep | None" = None
    """How the answer is written where it belongs, in the transaction of its journal entry: both, or neither.

    Nothing of such an answer is released before it is kept.
    """
    row: int | None = None
    """The number of the row of a batch that is asked about; its entry says it, so that a receipt can name it."""
    idempotency: str = ""
    """Names the question for the provider, so that one asked again after a crash need not be paid again."""
    again: "Callable[[], Awaitable[Passage]] | None" = None
    """Reads anew on whose behalf and by what right this asks, after a wait. None for programs, which do not wait.

    Raises an `AllotmentError` with words when it cannot be any more.
    """


class Keep(msgspec.Struct, frozen=True):
    """Writes answers in the transactions of their journal entries; see `engine.recording.Also` for what it may do."""

    write: "Callable[[Sequence[tuple[Any, Answered]]], None]"
    """Writes the answers that share a transaction, each with its `what`."""
    what: Any
    """What is answered, for whoever writes."""


class AskedModel(msgspec.Struct, frozen=True):
    """The model an effect wants, as the organisation offers it."""

    id: str
    name: str
    """The provider's own name."""
    title: str
    resource: Resource
    max_tokens: int
    connection: str = ""
    """The id of its connection: what a circuit breaker watches."""


class AskModel(msgspec.Struct, frozen=True):
    """The effect: ask a model with a filled, approved template, or with words of the caller's own."""

    model: AskedModel
    template: str
    """`name@version`; empty for words of the caller's own."""
    messages: tuple[Message, ...]
    answer: AnswerFormat
    max_tokens: int
    masking: tuple[Remembered, ...] = ()
    """Placeholders already given in this run, so that one value keeps one placeholder."""
    fallbacks: tuple[AskedModel, ...] = ()
    """Models that may stand in, in the order the organisation approved; each is decided on its own."""
    is_streamed: bool = True
    """Whether pieces are wanted as they come; False asks the provider for the whole answer at once."""
    temperature: float = 0.2
    seed: int | None = None


class Refused(msgspec.Struct, frozen=True):
    """A normal outcome: a stage said no. Recorded like any other."""

    stage: Stage
    rule: str
    reason: str
    remedy: str
    entry: int | None = None
    flagged: bool = False
    """Whether this is trouble that somebody should look at, not only a no."""
    until: datetime | None = None
    """When asking again makes sense, where that is known."""
    passes_in_seconds: float | None = None
    """How soon it may be over by itself; None for what waiting does not change. For a clock nobody trusts, `until`
    would mean nothing."""
    policies: tuple[str, ...] = ()
    """The ids of the policies that forbade it."""


class Failed(msgspec.Struct, frozen=True):
    """The provider failed. `retryable` says whether trying again can help."""

    reason: str
    remedy: str
    retryable: bool
    entry: int | None = None
    retry_after_seconds: int | None = None
    """How long the provider asked us to wait."""


class Screened(msgspec.Struct, frozen=True):
    """What screening did on the way: how many of each kind were masked, and what an answer tried to leak."""

    masked: Mapping[str, int] = msgspec.field(default_factory=dict)
    withheld: Mapping[str, int] = msgspec.field(default_factory=dict)


class Answered(msgspec.Struct, frozen=True):
    """The answer, restored and checked, with what it took."""

    text: str
    """Checked, with masked values put back."""
    masking: tuple[Remembered, ...]
    """Every placeholder of this run so far with its value; sealed wherever it is stored."""
    screened: Screened
    usage: Usage
    """Of this call: its answer, and what tries took that failed before it."""
    cost_nanodollars: int
    seconds: float
    entry: int
    model: AskedModel
    """The one that answered: the asked one, or a fallback."""
    warnings: tuple[str, ...] = ()
    """Sentences about budgets that are nearly used up."""


Outcome = Answered | Refused | Failed
