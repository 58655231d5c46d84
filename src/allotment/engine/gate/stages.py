"""The pure stages: each takes values and returns either what goes on, or a `Refused`."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerText, Message
from allotment.engine.gate.defects import DEFECTS, TROUBLE, words
from allotment.engine.gate.ports import Authoriser, Watch
from allotment.engine.gate.values import (
    DEFAULT_TREATMENTS,
    AskedModel,
    AskModel,
    Claim,
    Passage,
    Refused,
    Stage,
)
from allotment.engine.principals import Actor, AttributeValue, Decision
from allotment.screening.findings import Detected, Finding, Treatment
from allotment.screening.masking import EVERY_KIND, Masking

CHARACTERS_PER_TOKEN = 4
"""The field's rule of thumb for English: for what a provider did not count, never for what budgets set aside."""


_NO_CONTEXT: Mapping[str, AttributeValue] = {}


class Authorised(msgspec.Struct, frozen=True):
    """Permitted, by these policies."""

    policies: tuple[str, ...]


def look(watch: Watch, passage: Passage) -> Refused | None:
    """Refuse while what every decision rests on is in doubt, or cannot be looked at."""
    try:
        return watch.trouble(passage)
    except TROUBLE as error:
        return Refused(
            Stage.IDENTIFY,
            "watch",
            "Whether the clock and the rules can be trusted could not be found out, so nothing passes.",
            f"Try again in a moment, or tell an administrator. It ended with: {words(error)}.",
            flagged=True,
        )


def identify(passage: Passage, now: datetime) -> Refused | None:
    """Refuse a run whose person is gone or whose capability went stale."""
    if passage.actor is None:
        return Refused(
            Stage.IDENTIFY,
            "person",
            "The person who started this run may no longer sign in.",
            "Someone else who may run this app can start it again.",
        )
    if passage.expires_at <= now:
        return Refused(
            Stage.IDENTIFY,
            "capability",
            "This run waited longer than its permission lasts.",
            "Start the run again; nothing was sent.",
        )
    return None


def authorise(passage: Passage, model: AskedModel, authoriser: Authoriser) -> Authorised | Refused:
    """Decide everything that is claimed, then whether data of this class may reach this model."""
    if not passage.claims:
        return Refused(
            Stage.AUTHORISE,
            "nothing claimed",
            "Nothing says by what right this may pass.",
            "This is a defect in Allotment; please report it.",
            flagged=True,
        )
    policies: tuple[str, ...] = ()
    for claim in passage.claims:
        decision = _decide(authoriser, passage.actor, claim, _NO_CONTEXT)
        policies += decision.policies
        if not decision.allowed:
            return _not_permitted(decision)
    asked = authorise_model(passage, model, authoriser)
    return asked if isinstance(asked, Refused) else Authorised(policies + asked.policies)


def authorise_model(passage: Passage, model: AskedModel, authoriser: Authoriser) -> Authorised | Refused:
    """Decide whether data of this class may reach this model. Asked anew for every model that stands in."""
    claim = Claim(Action.ASK_MODEL, model.resource)
    decision = _decide(authoriser, passage.actor, claim, {"data_class": passage.data_class})
    return Authorised(decision.policies) if decision.allowed else _not_permitted(decision)


def _decide(
    authoriser: Authoriser, actor: Actor | None, claim: Claim, context: Mapping[str, AttributeValue]
) -> Decision:
    try:
        return authoriser.decide(actor, claim.action, claim.resource, context)
    except TROUBLE as error:
        return Decision(
            allowed=False,
            policies=(),
            reason="Whether this is permitted could not be decided, so the answer is no.",
            remedy=f"Tell an administrator. It ended with: {words(error)}.",
            is_undecided=True,
        )


def _not_permitted(decision: Decision) -> Refused:
    rule = "undecided" if decision.is_undecided else ", ".join(decision.policies) or "not granted"
    return Refused(
        Stage.AUTHORISE,
        rule,
        decision.reason,
        decision.remedy,
        flagged=decision.is_undecided,
        policies=decision.policies,
    )


def tokens_in(messages: tuple[Message, ...]) -> int:
    """Estimate the tokens of a question."""
    characters = 0
    for message in messages:
        characters += len(message.content)
    return characters // CHARACTERS_PER_TOKEN


def most_tokens(effect: AskModel, model: AskedModel) -> int:
    """Return how long the answer may get."""
    return min(effect.max_tokens, model.max_tokens)


class ScreenedIn(msgspec.Struct, frozen=True):
    """The messages as the model may see them."""

    messages: tuple[Message, ...]
    masking: Masking
    masked: dict[str, int]


def screen_in(passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
    """Mask, or refuse, what the organisation does not let out. What cannot be looked at does not leave."""
    try:
        return _screened_in(passage, effect)
    except DEFECTS as error:
        return not_screened(Stage.SCREEN_IN, error)


def not_screened(stage: Stage, error: BaseException) -> Refused:
    """Return the refusal after a detector broke."""
    return Refused(
        stage,
        "detector",
        "The text could not be checked, so nothing of it goes on.",
        f"Tell an administrator; changing the text may help. The check ended with: {words(error)}.",
        flagged=True,
    )


def _screened_in(passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
    masking = Masking.from_values(effect.masking, kinds=_masked_kinds(passage))
    masked: dict[str, int] = {}
    messages: list[Message] = []
    for message in effect.messages:
        result = masking.mask(message.content)
        if not result.findings and result.text == message.content:
            messages.append(message)
            continue
        blocked = _blocked(passage, result.findings)
        if blocked is not None:
            return Refused(
                Stage.SCREEN_IN,
                f"block:{blocked.value}",
                f"The text holds something that may not leave: {blocked.value}.",
                "Take it out of the form and run this again.",
                flagged=blocked is Detected.SECRET,
            )
        for finding in result.findings:
            if _treatment(passage, finding.kind) == "mask":
                masked[finding.kind.value] = masked.get(finding.kind.value, 0) + 1
        messages.append(Message(message.role, result.text))
    return ScreenedIn(tuple(messages), masking, masked)


def _treatment(passage: Passage, kind: Detected) -> Treatment:
    return passage.treatments.get(kind, "mask")


def _masked_kinds(passage: Passage) -> frozenset[Detected]:
    if passage.treatments is DEFAULT_TREATMENTS:
        return EVERY_KIND
    return frozenset(kind for kind in Detected if _treatment(passage, kind) == "mask")


def _blocked(passage: Passage, findings: Iterable[Finding]) -> Detected | None:
    return next((f.kind for f in findings if _treatment(passage, f.kind) == "block"), None)


def is_streamed(effect: AskModel) -> bool:
    """Whether parts of the answer may be shown before all of it is there: prose only."""
    return effect.is_streamed and isinstance(effect.answer, AnswerText)
