"""What holds for all rows of a batch at this moment: who asks, by what right, with which wording and model.

Invariant: read afresh every second and never used when older than `STALE_SECONDS`, so that a right that was taken
away, a template recalled or a model turned off ends a batch in the middle. Each row is still decided on by the gate,
from what was read within the last half second before it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from allotment.engine.actions import Action
from allotment.engine.answers import format_of, most_tokens
from allotment.engine.gate.afresh import FRESH_SECONDS
from allotment.engine.gate.budgets import EVERYTHING, Measure, Rules, Scope
from allotment.engine.gate.values import AskedModel, AskModel, Claim, Passage
from allotment.engine.interpreter import AskEffect
from allotment.engine.principals import Actor, Resource
from allotment.engine.spec.app import App, Ask
from allotment.engine.templates import Template, fill
from allotment.kernel import clock
from allotment.microapps.queries import app_for, resource
from allotment.policies.budgets.in_force import rules_in_force
from allotment.prompts.queries import approved_template
from allotment.runs.asking import actor_now, approver_now, asked_model, standing_in
from allotment.runs.batches.answering import RowAtWork
from allotment.runs.batches.models import Batch

REFRESHED_SECONDS = 1.0
STALE_SECONDS = 8.0
AT_ONCE = 8
"""Questions to one model that batches have open at once, where no budget of the model says otherwise."""
_MOST_AT_ONCE = 64
_CAPABILITY = timedelta(minutes=10)
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Wording:
    """With what one step asks."""

    template: Template
    model: AskedModel
    stand_ins: tuple[AskedModel, ...]
    approver: UUID | None
    at_once: int


@dataclass(frozen=True)
class Standing:
    """What holds now."""

    actor: Actor | None
    claims: tuple[Claim, ...]
    wordings: Mapping[str, Wording]
    """By step."""
    read_at: float = field(default_factory=clock.monotonic)
    issued: float = field(default_factory=clock.since_boot)
    """The same moment by the clock that passages carry."""

    @property
    def is_stale(self) -> bool:
        """Whether it is too old to go by."""
        return clock.monotonic() - self.read_at > STALE_SECONDS

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be read anew for a question that had to wait."""
        return clock.monotonic() - self.read_at <= FRESH_SECONDS

    @property
    def at_once(self) -> int:
        """How many rows may be at work at once."""
        return max((wording.at_once for wording in self.wordings.values()), default=1)


@dataclass(frozen=True)
class Subject:
    """What of a batch never changes."""

    id: UUID
    app_id: UUID
    version: int | None
    space: UUID | None
    person: UUID
    run: UUID
    """The batch itself, or the run whose step it is."""
    app: App


def subject_of(row: Batch, app: App) -> Subject:
    """Return what never changes."""
    return Subject(row.id, row.app_id, row.version, row.space_id, row.person_id, row.run_id or row.id, app)


def standing_of(subject: Subject) -> Standing:
    """Read what holds now; raises `NotAllowed`, `NotFound` or `Unavailable` when a part of it is gone."""
    actor = actor_now(subject.person)
    known = Resource("App", str(subject.app_id))
    if actor is not None:
        known = resource(app_for(actor, subject.app_id))
    attributes = {**known.attributes, "data_class": subject.app.data.class_.value}
    claims = (Claim(Action.RUN_APP, Resource("App", known.id, attributes)),)
    rules = rules_in_force()
    asks = [step for step in subject.app.steps if isinstance(step, Ask)]
    return Standing(actor, claims, {step.step: _wording(subject, step, rules) for step in asks})


def _wording(subject: Subject, step: Ask, rules: Rules) -> Wording:
    model = asked_model(step.model)
    of_model, of_others = _open_at_once(rules, subject, model.id)
    return Wording(
        template=approved_template(step.template),
        model=model,
        stand_ins=standing_in(model),
        approver=approver_now(subject.app_id, subject.version, step.template),
        at_once=at_once(of_model, of_others),
    )


def _open_at_once(rules: Rules, subject: Subject, model: str) -> tuple[list[int], list[int]]:
    """Return the budgets of questions at once: those of the model, and those of everybody else concerned."""
    concerned = (
        (Scope.MODEL, model),
        (Scope.PERSON, str(subject.person)),
        (Scope.APP, str(subject.app_id)),
        (Scope.SPACE, str(subject.space)),
        (Scope.ORGANISATION, EVERYTHING),
    )
    limits = [
        (scope, rule.limit)
        for scope, object_ in concerned
        for meter, rule in rules.of_object(scope, object_)
        if meter.measure is Measure.AT_ONCE and rule.limit is not None
    ]
    of_model = [limit for scope, limit in limits if scope is Scope.MODEL]
    return of_model, [limit for scope, limit in limits if scope is not Scope.MODEL]


def at_once(of_model: Sequence[int], of_others: Sequence[int]) -> int:
    """Return how many questions a batch has open at once.

    A budget of the model itself says what it bears. Of what the person, the app or the space may have open, one is
    left for whoever works by hand.
    """
    wanted = min(of_model) if of_model else AT_ONCE
    return max(1, min(wanted, _MOST_AT_ONCE, *(limit - 1 for limit in of_others)))


def question(wording: Wording, effect: AskEffect, row: RowAtWork) -> AskModel:
    """Return the question of one step of one row; raises `Invalid` for a slot that does not fit."""
    return AskModel(
        model=wording.model,
        template=wording.template.reference,
        messages=fill(wording.template, effect.slots),
        answer=format_of(effect.step.answer),
        max_tokens=most_tokens(effect.step.answer),
        masking=row.masking,
        fallbacks=wording.stand_ins,
        is_streamed=False,
    )


def passage(subject: Subject, standing: Standing, step: str, row: RowAtWork) -> Passage:
    """Return on whose behalf one row asks; whoever asks adds how the answer is kept."""
    return Passage(
        actor=standing.actor,
        claims=standing.claims,
        data_class=subject.app.data.class_.value,
        app=subject.app_id,
        version=subject.version,
        space=subject.space,
        run=subject.run,
        step=step,
        expires_at=clock.now() + _CAPABILITY,
        patience_seconds=_PATIENCE_SECONDS,
        approver=standing.wordings[step].approver,
        issued=standing.issued,
        row=row.number,
        idempotency=f"{row.id}:{step}:{row.tries}",
    )
