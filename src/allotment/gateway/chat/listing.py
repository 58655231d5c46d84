"""The models a key may ask, decided one by one by the policies; with the key of an app, of those its steps ask."""

from collections.abc import Iterator
from datetime import datetime

from allotment.composition.snapshot.facts import ModelFacts, Snapshot
from allotment.engine.actions import Action
from allotment.engine.gate.ports import Authoriser
from allotment.engine.gate.values import Refused, Stage
from allotment.gateway.chat.asking import claims
from allotment.gateway.chat.bearer import Holder
from allotment.gateway.chat.choosing import models_of
from allotment.gateway.chat.shapes import Model


def models_for(
    holder: Holder, facts: Snapshot, authoriser: Authoriser, now: datetime
) -> tuple[Model, ...] | Refused:
    """Return exactly the models this key could ask now, the default one first, or why it may ask nothing."""
    for claim in claims(holder, now, is_free=False):
        decision = authoriser.decide(holder.actor, claim.action, claim.resource, {})
        if not decision.allowed:
            rule = ", ".join(decision.policies)
            return Refused(Stage.AUTHORISE, rule, decision.reason, decision.remedy)
    found = sorted(_askable(holder, facts, authoriser), key=lambda one: (not one.is_default, one.api_name))
    return tuple(Model(one.api_name, one.asked.title, one.is_default) for one in found)


def _askable(holder: Holder, facts: Snapshot, authoriser: Authoriser) -> Iterator[ModelFacts]:
    context = {"data_class": holder.data_class}
    own = None if holder.app is None else models_of(holder.app, facts)
    for model in facts.models.values():
        if own is not None and model.asked.id not in own:
            continue
        if authoriser.decide(holder.actor, Action.ASK_MODEL, model.asked.resource, context).allowed:
            yield model
