"""The pure stages: each takes values and returns either what goes on, or a `Refused`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerText, Message
from allotment.engine.gate.ports import Authoriser
from allotment.engine.gate.values import AskModel, Claim, Passage, Refused, Stage
from allotment.screening.findings import Detected, Finding, Treatment
from allotment.screening.masking import Masking

_CHARACTERS_PER_TOKEN = 4
"""The field's rule of thumb for English; used for estimates only, usage settles with real counts."""


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


def authorise(
    passage: Passage, effect: AskModel, authoriser: Authoriser
) -> tuple[Refused | None, tuple[str, ...]]:
    """Decide everything that is claimed, then whether data of this class may reach this model.

    Returns the refusal, if any, and the ids of the deciding policies.
    """
    policies: tuple[str, ...] = ()
    asked = Claim(Action.ASK_MODEL, effect.model.resource)
    for claim in (*passage.claims, asked):
        context = {"data_class": passage.data_class} if claim is asked else {}
        decision = authoriser.decide(passage.actor, claim.action, claim.resource, context)
        policies = (*policies, *decision.policies)
        if not decision.allowed:
            rule = ", ".join(decision.policies)
            return Refused(Stage.AUTHORISE, rule, decision.reason, decision.remedy), policies
    return None, policies


def estimate_tokens(effect: AskModel) -> int:
    """Estimate what this question will use: its text, and the longest answer it may get."""
    characters = sum(len(message.content) for message in effect.messages)
    return characters // _CHARACTERS_PER_TOKEN + effect.max_tokens


@dataclass(frozen=True)
class ScreenedIn:
    """The messages as the model may see them."""

    messages: tuple[Message, ...]
    masking: Masking
    masked: dict[str, int]


def screen_in(passage: Passage, effect: AskModel) -> ScreenedIn | Refused:
    """Mask, or refuse, what the organisation does not let out."""
    masking = Masking.from_values(effect.masking, kinds=_masked_kinds(passage))
    masked: Counter[str] = Counter()
    messages: list[Message] = []
    for message in effect.messages:
        result = masking.mask(message.content)
        blocked = _blocked(passage, result.findings)
        if blocked is not None:
            return Refused(
                Stage.SCREEN_IN,
                f"block:{blocked.value}",
                f"The text holds something that may not leave: {blocked.value}.",
                "Take it out of the form and run this again.",
            )
        masked.update(f.kind.value for f in result.findings if _treatment(passage, f.kind) == "mask")
        messages.append(replace(message, content=result.text))
    return ScreenedIn(tuple(messages), masking, dict(masked))


def _treatment(passage: Passage, kind: Detected) -> Treatment:
    return passage.treatments.get(kind, "mask")


def _masked_kinds(passage: Passage) -> frozenset[Detected]:
    return frozenset(kind for kind in Detected if _treatment(passage, kind) == "mask")


def _blocked(passage: Passage, findings: Iterable[Finding]) -> Detected | None:
    return next((f.kind for f in findings if _treatment(passage, f.kind) == "block"), None)


def is_streamed(effect: AskModel) -> bool:
    """Whether parts of the answer may be shown before all of it is there: prose only."""
    return isinstance(effect.answer, AnswerText)
