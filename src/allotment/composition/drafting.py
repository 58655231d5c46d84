"""Drafting apps and plans with the connected model: through the gate, like every question to a model."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from allotment.engine.actions import Action
from allotment.engine.asking import AnswerFields, Message
from allotment.engine.gate.values import Answered, AskModel, Claim, Passage
from allotment.engine.principals import Actor, Resource
from allotment.kernel import clock, portal
from allotment.kernel.ids import new_id
from allotment.llms.queries import default_model
from allotment.microapps import checking, describing, planning, starters, surroundings
from allotment.microapps.drafting_model import ModelDrafter
from allotment.microapps.drafting_nearest import NearestDrafter
from allotment.microapps.planning import Asker
from allotment.microapps.queries import resource
from allotment.runs.asking import asked_model
from allotment.runs.gatehouse import gate

_WORDING = "drafting@1"
_MOST_TOKENS = 1200
_PATIENCE = timedelta(minutes=2)


def install() -> None:
    """Let descriptions and plans be drafted by the connected model, where there is one that can."""
    nearest = NearestDrafter(starters.all_starters())
    describing.use(ModelDrafter(_ask_for_app, surroundings.approved, checking.problems_of, nearest))
    planning.use(_ask_for_plan)


def uninstall() -> None:
    """Ask no model any more: there is no gate to ask through."""
    describing.use(None)
    planning.use(None)


def _ask_for_app(
    actor: Actor, messages: Sequence[Message], schema: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Ask about an app that does not exist yet: its maker's own, for the maker alone."""
    facts = {"owner": str(actor.person), "audience": "me", "state": "draft", "data_class": "internal"}
    claim = Claim(Action.RUN_APP, Resource("App", str(new_id()), facts))
    return _ask(_passage(actor, claim, "internal", "drafting"), messages, schema)


def _ask_for_plan(
    asker: Asker, messages: Sequence[Message], schema: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Ask about the working copy of an app."""
    known = resource(asker.app)
    facts = {**known.attributes, "data_class": asker.data_class}
    claim = Claim(Action.EDIT_APP, Resource("App", known.id, facts))
    passage = replace(_passage(asker.maker, claim, asker.data_class, "planning"), app=asker.app.id)
    return _ask(passage, messages, schema)


def _ask(
    passage: Passage, messages: Sequence[Message], schema: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Ask the usual model; None when it is too weak, refused, or answered something else."""
    model = default_model()
    if model is None or model.is_practice or not model.can_answer:
        return None
    effect = AskModel(
        asked_model(str(model.id)), _WORDING, tuple(messages), AnswerFields(schema), _MOST_TOKENS
    )
    outcome = portal.call(gate().ask, passage, effect, _keep_back)
    if not isinstance(outcome, Answered):
        return None
    try:
        return msgspec.json.decode(outcome.text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _passage(actor: Actor, claim: Claim, data_class: str, step: str) -> Passage:
    return Passage(
        actor=actor,
        claims=(claim,),
        data_class=data_class,
        app=None,
        version=None,
        space=None,
        run=new_id(),
        step=step,
        expires_at=clock.now() + _PATIENCE,
    )


async def _keep_back(_: str) -> None:
    """Nothing of a plan is shown before it is whole."""
