"""What a caller may choose about a call: the model, how long the answer may get, how it is shaped and drawn.

Invariant: the key of a person asks any model that the policies let it ask. The key of an app asks what the app's own
steps ask and nothing else, for that is what was approved: the model of the step that uses the template (`default`
always means that one), text, at the usual temperature, and answers no longer than the step's. Only a shorter answer
may be asked for.
"""

from typing import Final

import msgspec

from allotment.composition.snapshot.facts import AppFacts, AskFacts, ModelFacts, Snapshot
from allotment.gateway.chat.shapes import ChatCompletionRequest
from allotment.kernel.errors import NotAllowed, NotFound

DEFAULT_MODEL: Final = "default"
USUAL_TEMPERATURE: Final = 0.2


class Chosen(msgspec.Struct, frozen=True):
    """Which model is asked, and how."""

    model: ModelFacts
    max_tokens: int
    temperature: float


def chosen(request: ChatCompletionRequest, facts: Snapshot) -> Chosen:
    """Return what the key of a person chose; raises `NotFound` for a model that is not offered."""
    model = _named(request.model, facts)
    return _chosen(request, model, model.asked.max_tokens)


def chosen_for_app(request: ChatCompletionRequest, app: AppFacts, template: str, facts: Snapshot) -> Chosen:
    """Return what the app's steps with this template let its key choose; raises `NotAllowed` or `NotFound`."""
    steps = app.templates.get(template)
    if not steps:
        raise NotAllowed(
            f"The app “{app.title}” does not use the template {template}.",
            hint="Its key asks only with the templates of its published version. Ask with a key of your own.",
            policy="templates-of-the-app",
        )
    if request.response_format is not None and request.response_format.type != "text":
        raise NotAllowed(
            f"A key of the app “{app.title}” gets text.",
            hint="Leave `response_format` out, or ask with a key of your own.",
            policy="answers-of-the-app",
        )
    if request.temperature not in {None, USUAL_TEMPERATURE}:
        raise NotAllowed(
            f"The app “{app.title}” asks at its own temperature.",
            hint=f"Leave `temperature` out, or send {USUAL_TEMPERATURE}.",
            policy="temperature-of-the-app",
        )
    model = _model_for_app(request.model, app, steps, facts)
    return _chosen(request, model, max(step.most_tokens for step in steps if facts.model_of(step) is model))


def models_of(app: AppFacts, facts: Snapshot) -> frozenset[str]:
    """Return the ids of the models that the app's steps ask."""
    found = (facts.model_of(step) for steps in app.templates.values() for step in steps)
    return frozenset(model.asked.id for model in found if model is not None)


def _chosen(request: ChatCompletionRequest, model: ModelFacts, most: int) -> Chosen:
    wanted = request.max_completion_tokens or request.max_tokens or most
    temperature = USUAL_TEMPERATURE if request.temperature is None else request.temperature
    return Chosen(model, min(wanted, most, model.asked.max_tokens), temperature)


def _model_for_app(name: str, app: AppFacts, steps: tuple[AskFacts, ...], facts: Snapshot) -> ModelFacts:
    if name == DEFAULT_MODEL:
        model = facts.model_of(steps[0])
        if model is None:
            raise NotFound(
                f"The model that the app “{app.title}” asks here is not offered now.",
                hint="Its owner can choose another one, or an administrator can turn it on again.",
                code="model_not_found",
            )
        return model
    model = _named(name, facts)
    if all(facts.model_of(step) is not model for step in steps):
        raise NotAllowed(
            f"The app “{app.title}” does not ask this model with this template.",
            hint=f"Ask for “{DEFAULT_MODEL}”: that is the model of its step. Or ask with a key of your own.",
            policy="models-of-the-app",
        )
    return model


def _named(name: str, facts: Snapshot) -> ModelFacts:
    found = facts.default_model if name == DEFAULT_MODEL else facts.models.get(name)
    if found is None:
        raise NotFound(
            "There is no model of this name here."
            if name != DEFAULT_MODEL
            else "No model is the default here.",
            hint="GET /v1/models lists the models this key may ask.",
            code="model_not_found",
        )
    return found
