"""Who asks and which model is asked, read afresh for each step, as the gate wants to know them."""

from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.gate.values import AskedModel
from allotment.engine.principals import Actor
from allotment.kernel.errors import NotAllowed, Unavailable
from allotment.llms.queries import asked, default_model, model_named, stand_ins_of
from allotment.microapps.published import approver_of
from allotment.people.queries import actor_of
from allotment.policies.deciding import decide
from allotment.prompts.queries import version_of


def actor_now(person: UUID) -> Actor | None:
    """Return the person as they are now; None once they may not sign in, which the gate refuses and records."""
    try:
        return actor_of(person)
    except NotAllowed:
        return None


def may_run_apps(person: UUID) -> bool:
    """Say whether a person may still run apps: one who may not can neither go on with a run nor cancel it."""
    actor = actor_now(person)
    if actor is None:
        return False
    decision = decide(actor, Action.RUN_APP)
    return decision.allowed or decision.is_undecided


def approver_now(app: UUID, version: int | None, template: str) -> UUID | None:
    """Return who approved the version of the app; for a trial, which nobody approved, who approved the template's."""
    return version_of(template).approver if version is None else approver_of(app, version)


def asked_model(name: str) -> AskedModel:
    """Return the model named in a spec, or the default one; raises `Unavailable` or `NotFound` with words."""
    model = model_named(name) if name else default_model()
    if model is None:
        raise Unavailable(
            "No model is connected, so nothing can be asked.",
            hint="An administrator can connect one on the models page, or fetch the practice model with `make model`.",
        )
    return asked(model)


def standing_in(model: AskedModel) -> tuple[AskedModel, ...]:
    """Return the models that may answer when this one cannot, in their order."""
    return tuple(asked(one) for one in stand_ins_of(UUID(model.id)))
