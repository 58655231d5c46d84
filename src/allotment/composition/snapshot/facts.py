"""The facts in a snapshot. Values only; `taking.py` reads them, `keeping.py` replaces them.

Invariant: a snapshot never changes; who holds one holds a consistent view. What is not in it does not exist for the
asynchronous door: a person who may not sign in, an app that is not published, a template version that is not
approved, a model that is off, a key that is revoked or over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allotment.engine.asking import Provider
from allotment.engine.gate.values import AskedModel
from allotment.engine.principals import Actor, Resource
from allotment.engine.templates import Template
from allotment.llms.pricing import Tariff


@dataclass(frozen=True)
class KeyFacts:
    """An API key that may be used."""

    id: UUID
    public: str
    """The part of the key that is no secret and finds it."""
    secret_digest: bytes
    """SHA-256 of the secret part; compared in constant time."""
    person: UUID
    """On whose behalf it asks."""
    app: UUID | None
    """The app it belongs to; None for a key of the person."""
    data_class: str
    """The highest class of data the holder may send with it (with an app: the app's)."""
    resource: Resource
    """Kind `Key`, for the policies."""
    expires_at: datetime


@dataclass(frozen=True)
class AskFacts:
    """How a step of an app asks with its template."""

    model: str
    """As the app names it: an id, a provider's name or a title; empty for the default model."""
    most_tokens: int


@dataclass(frozen=True)
class AppFacts:
    """A published app."""

    id: UUID
    title: str
    resource: Resource
    version: int
    space: UUID | None
    data_class: str
    approver: UUID | None
    templates: Mapping[str, tuple[AskFacts, ...]]
    """By `name@version`: the steps of its published version that ask with this template, in their order."""


@dataclass(frozen=True)
class TemplateFacts:
    """An approved template version, parsed."""

    template: Template
    is_newest: bool
    """Whether it is the newest approved version of its family."""
    approver: UUID | None


@dataclass(frozen=True)
class ModelFacts:
    """A model that is on, with the live provider behind it."""

    api_name: str
    """What a caller writes in `model`; unique."""
    asked: AskedModel
    provider: Provider
    tariff: Tariff
    fallbacks: tuple[AskedModel, ...]
    is_default: bool


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything, as it was at one moment."""

    taken_at: float
    """By `kernel.clock.monotonic`."""
    actors: Mapping[UUID, Actor]
    keys: Mapping[str, KeyFacts]
    """By `public`."""
    apps: Mapping[UUID, AppFacts]
    templates: Mapping[tuple[str, int], TemplateFacts]
    models: Mapping[str, ModelFacts]
    """By `api_name`."""
    models_by_id: Mapping[str, ModelFacts]

    @property
    def default_model(self) -> ModelFacts | None:
        """The model that is used where none is named."""
        return next((model for model in self.models.values() if model.is_default), None)

    def model_of(self, step: AskFacts) -> ModelFacts | None:
        """Return the model this step of an app asks; None when it is not offered now."""
        if not step.model:
            return self.default_model
        for model in self.models.values():  # in the order in which `llms.queries.model_named` looks
            if step.model in {model.asked.id, model.asked.name, model.asked.title}:
                return model
        return None
