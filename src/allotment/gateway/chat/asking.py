"""From a request to what the gate is asked: the effect and the passage.

Invariant: with a template, the wording is the template's and nothing else reaches the model but values in its slots.
Without one, the question claims the right to free words, and the policies decide. So does a question that brings the
schema of its answer: names of fields and choices are words of the caller's own as well. An app's key asks what the
app asks, for the entry says that its version was approved: with a template of one of its published steps, the model of
that step (`default` means it), for text at the usual temperature, no longer than the step's answers; see `choosing.py`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from allotment.composition.snapshot.facts import ModelFacts, Snapshot, TemplateFacts
from allotment.engine.actions import Action
from allotment.engine.asking import AnswerFields, Message
from allotment.engine.gate.values import AskedModel, AskModel, Claim, Failed, Passage, Refused
from allotment.engine.principals import Resource
from allotment.engine.templates import fill
from allotment.gateway.chat.bearer import Holder
from allotment.gateway.chat.choosing import Chosen, chosen, chosen_for_app
from allotment.gateway.chat.reading import messages_of
from allotment.gateway.chat.shapes import ChatCompletionRequest, Prompt
from allotment.gateway.chat.shaping import answer_format
from allotment.kernel.errors import Invalid, NotFound
from allotment.kernel.ids import new_id

_STEP = "chat"
_VALID_FOR = timedelta(minutes=5)
_NEEDS_A_GRANT = "free-words-need-a-grant"
"""The policy that forbids words of one's own to keys without the right to them."""
_SCHEMA_IS_FREE = (
    "The names and choices in the schema of the answer are words of your own, which a model reads. "
    "They pass only with a key that an officer has granted free words for."
)
_WITHOUT_SCHEMA = (
    "Leave `response_format` out, or ask an officer for this right on the page of your API keys."
)


class Question(msgspec.Struct, frozen=True):
    """What the gate is asked."""

    passage: Passage
    effect: AskModel
    models: Mapping[str, ModelFacts]
    """By id."""

    def name_of(self, model: AskedModel) -> str:
        """Return what a caller writes to ask this model."""
        found = self.models.get(model.id)
        return found.api_name if found else model.name

    def worded(self, outcome: Refused | Failed) -> Refused | Failed:
        """Return the outcome in words that fit this question: beside a template, only its schema is free words."""
        is_about_schema = bool(self.effect.template) and isinstance(self.effect.answer, AnswerFields)
        if is_about_schema and isinstance(outcome, Refused) and _NEEDS_A_GRANT in outcome.policies:
            return msgspec.structs.replace(outcome, reason=_SCHEMA_IS_FREE, remedy=_WITHOUT_SCHEMA)
        return outcome


class _Wording(msgspec.Struct, frozen=True):
    """What the model reads, and how it is asked."""

    messages: tuple[Message, ...]
    how: Chosen
    reference: str = ""
    """Of the template; empty for words of the caller's own."""
    approver: UUID | None = None
    """Of the template version."""


def question(request: ChatCompletionRequest, holder: Holder, facts: Snapshot, now: datetime) -> Question:
    """Return what is asked on the holder's behalf; raises `AllotmentError` with words for what cannot be."""
    wording = _wording(request, holder, facts)
    how = wording.how
    answer = answer_format(request.response_format)
    effect = AskModel(
        model=how.model.asked,
        template=wording.reference,
        messages=wording.messages,
        answer=answer,
        max_tokens=how.max_tokens,
        fallbacks=how.model.fallbacks,
        is_streamed=bool(request.stream),
        temperature=how.temperature,
        seed=request.seed,
    )
    app = holder.app
    passage = Passage(
        actor=holder.actor,
        claims=claims(holder, now, is_free=not wording.reference or isinstance(answer, AnswerFields)),
        data_class=holder.data_class,
        app=app.id if app else None,
        version=app.version if app else None,
        space=app.space if app else None,
        run=new_id(),
        step=_STEP,
        expires_at=now + _VALID_FOR,
        key=holder.key.id,
        approver=app.approver if app else wording.approver,
    )
    return Question(passage, effect, facts.models_by_id)


def claims(holder: Holder, now: datetime, *, is_free: bool) -> tuple[Claim, ...]:
    """Return what the holder must be allowed to do: use this key, run its app, ask with free words."""
    key = holder.key.resource
    found: tuple[Claim, ...] = (Claim(Action.USE_KEY, key),)
    if holder.app is not None:
        found = (*found, Claim(Action.RUN_APP, holder.app.resource))
    return (*found, Claim(Action.ASK_FREELY, _as_of(key, now))) if is_free else found


def _as_of(key: Resource, now: datetime) -> Resource:
    """Return the key with a right to free words that is over taken away: the policies know no clock."""
    until = key.attributes.get("free_form_until", 0)
    if not isinstance(until, int) or until > now.timestamp():
        return key
    return replace(key, attributes={**key.attributes, "free_form_until": 0})


def _wording(request: ChatCompletionRequest, holder: Holder, facts: Snapshot) -> _Wording:
    prompt = request.prompt
    if prompt is None:
        return _Wording(messages_of(request), chosen(request, facts))
    if request.messages:
        raise Invalid(
            "This request names a template and brings messages of its own. Nothing is added to a template’s wording.",
            hint="Leave `messages` empty, and put what varies into `prompt.variables`.",
            where="messages",
        )
    found = _template(prompt, facts)
    reference = found.template.reference
    app = holder.app
    how = chosen(request, facts) if app is None else chosen_for_app(request, app, reference, facts)
    return _Wording(_filled(found, prompt), how, reference, found.approver)


def _template(prompt: Prompt, facts: Snapshot) -> TemplateFacts:
    number = _number(prompt.version)
    found = None if number is None else facts.templates.get((prompt.id, number))
    if found is not None:
        return found
    newest = next(
        (version for (name, version), one in facts.templates.items() if name == prompt.id and one.is_newest),
        None,
    )
    if newest is None:
        raise NotFound(
            "There is no approved template of this name here.",
            hint="The library of templates names those that are approved.",
            code="template_not_found",
        )
    if prompt.version is None:
        raise Invalid(
            f"This request does not say which version of the template {prompt.id} it means.",
            hint=f'The newest approved one is {newest}: "version": {newest}.',
            where="prompt.version",
        )
    raise NotFound(
        f"This version of the template {prompt.id} is not approved, or was recalled.",
        hint=f"The newest approved one is {newest}.",
        code="template_not_found",
    )


def _number(version: int | str | None) -> int | None:
    if isinstance(version, str):
        return int(version) if version.isascii() and version.isdigit() and len(version) < 7 else None  # noqa: PLR2004
    return version


def _filled(found: TemplateFacts, prompt: Prompt) -> tuple[Message, ...]:
    template, given = found.template, prompt.variables or {}
    slots = {slot.name for slot in template.slots}
    for name in given:
        if name not in slots:
            known = ", ".join(sorted(slots)) or "none"
            raise Invalid(
                f"The template {template.reference} has no slot of this name.",
                hint=f"Its slots are: {known}.",
                where=f"prompt.variables.{name[:60]}",
            )
    try:
        return fill(template, {name: str(value) for name, value in given.items()})
    except Invalid as error:
        slot = error.where.rpartition(".")[2]
        raise Invalid(
            error.message, hint=f"Send it as `prompt.variables.{slot}`.", where=f"prompt.variables.{slot}"
        ) from error
