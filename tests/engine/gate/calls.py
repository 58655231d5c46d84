"""Calls for tests of limits: a passage of somebody through some app, and a model."""

from datetime import UTC, datetime
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.gate.values import AskedModel, Claim, Passage
from allotment.engine.principals import Actor, Resource, Role

MIRA, APP, SPACE = UUID(int=1), UUID(int=2), UUID(int=3)


def passage(person: UUID = MIRA, *, app: UUID | None = APP, space: UUID | None = SPACE) -> Passage:
    return Passage(
        actor=Actor(person, "Mira Patel", frozenset({Role.MAKER})),
        claims=(Claim(Action.RUN_APP, Resource("App", str(app))),),
        data_class="internal",
        app=app,
        version=1,
        space=space,
        run=UUID(int=9),
        step="reply",
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def model(id_: str = "model-1") -> AskedModel:
    return AskedModel(id_, "small", "Small model", Resource("Model", id_), 4096)
