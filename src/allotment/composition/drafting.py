"""Drafting with the connected model: through the gate, like every question to a model."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerFields, Message
from allotment.engine.gate.values import Answered, AskModel, Claim, Passage
from allotment.engine.principals import Actor, Resource
from allotment.kernel import clock, portal
from allotment.kernel.ids import new_id
from allotment.llms.queries import default_model
from allotment.microapps import checking, describing, starters, surroundings
from allotment.microapps.drafting_model import ModelDrafter
from allotment.microapps.drafting_nearest import NearestDrafter
from allotment.runs.asking import asked_model
from allotment.runs.gatehouse import gate

_WORDING = "drafting@1"
_MOST_TOKENS = 1200
_PATIENCE = timedelta(minutes=2)


def install() -> None:
    """Let descriptions be drafted by the connected model first, by the nearest starter else."""
    nearest = NearestDrafter(starters.all_starters())
    describing.use(ModelDrafter(_ask, surroundings.approved, checking.problems_of, nearest))


def _ask(actor: Actor, messages: Sequence[Message], schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Ask the usual model for a plan; None when it is too weak, refused, or answered something else."""
    model = default_model()
    if model is None or model.is_practice or not model.can_answer:
        return None
    effect = AskModel(
        asked_model(str(model.id)), _WORDING, tuple(messages), AnswerFields(schema), _MOST_TOKENS
    )
    outcome = portal.call(gate().ask, _passage(actor), effect, _keep_back)
    if not isinstance(outcome, Answered):
        return None
    try:
        return msgspec.json.decode(outcome.text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _passage(actor: Actor) -> Passage:
    """Return the passage of an app that does not exist yet: its maker's own, for the maker alone."""
    draft = new_id()
    facts = {"owner": str(actor.person), "audience": "me", "state": "draft", "data_class": "internal"}
    return Passage(
        actor=actor,
        claims=(Claim(Action.RUN_APP, Resource("App", str(draft), facts)),),
        data_class="internal",
        app=None,
        version=None,
        space=None,
        run=draft,
        step="drafting",
        expires_at=clock.now() + _PATIENCE,
    )


async def _keep_back(_: str) -> None:
    """Nothing of a plan is shown before it is whole."""
