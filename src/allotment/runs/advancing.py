"""Advancing a run by one effect: the durable unit of work.

Invariant: everything a restart needs is on disk when `advance` returns. A step whose row exists is never done
again; the run's state changes only here and in `cancelling`.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import anyio
from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.answers import format_of, most_tokens, typed
from allotment.engine.forms import read_form
from allotment.engine.gate.values import Answered, AskModel, Claim, Failed, Outcome, Passage, Refused
from allotment.engine.interpreter import AskEffect, Finished, ReadEffect, Stop, apply, next_effect
from allotment.engine.principals import Actor, Resource
from allotment.engine.spec.app import App
from allotment.engine.spec.reading import from_plain
from allotment.engine.state import State
from allotment.engine.templates import fill
from allotment.kernel import clock, portal
from allotment.kernel.errors import AllotmentError
from allotment.microapps.queries import app_for, resource
from allotment.prompts.queries import approved_template
from allotment.runs import cancelling, ending
from allotment.runs.asking import actor_now, approver_now, asked_model, standing_in
from allotment.runs.documents import text_of
from allotment.runs.events import append
from allotment.runs.gatehouse import gate
from allotment.runs.models import FINAL_STATES, Run, RunState, RunStep
from allotment.runs.progress import answer_of, remembered, sealed_outcome
from allotment.runs.sealing import unseal
from allotment.web.worker_threads import database_work

GO_ON = "go on"
_CAPABILITY = timedelta(minutes=10)
_PATIENCE_SECONDS = 30.0
"""How long a run waits for its turn: longer than the turns of a server that died stay taken, which is 14 seconds."""
_CANCELLED = None


@dataclass(frozen=True)
class _Work:
    """A run as read for one step."""

    row: Run
    app: App
    done: tuple[RunStep, ...]
    state: State


def advance(run: UUID) -> str:
    """Do the next effect of a run. Returns `GO_ON`, or the final state once it is over."""
    row = Run.objects.select_related("app").get(id=run)
    if row.state in FINAL_STATES:
        return row.state
    try:
        return _advance(row)
    except AllotmentError as error:
        return ending.fail(row, error.message, error.hint)


def _advance(row: Run) -> str:
    work = _work(row)
    if row.state == RunState.WAITING:
        Run.objects.filter(id=row.id, state=RunState.WAITING).update(state=RunState.RUNNING)
    effect, state = next_effect(work.app, work.state)
    if isinstance(effect, Stop):
        return ending.stop(row, effect.message)
    if isinstance(effect, Finished):
        return ending.finish(row, effect.parts)
    if not isinstance(effect, AskEffect | ReadEffect):
        words = _("This version of Allotment cannot run the step “%(step)s” yet.") % {
            "step": effect.step.step
        }
        return ending.fail(row, words, _("Ask the app’s owner to leave the step out for now."))
    append(row.id, "progress", _progress(effect.step.step, state.position + 1, len(work.app.steps)))
    if isinstance(effect, ReadEffect):
        return _read(work, effect)
    return _ask(work, effect)


def _progress(step: str, place: int, count: int) -> dict[str, object]:
    """Return what the page says while this step works."""
    words = _("Step %(place)s of %(count)s: %(step)s") % {"place": place, "count": count, "step": step}
    return {"step": step, "value": place - 1, "max": count, "words": words}


def _work(row: Run) -> _Work:
    app = from_plain(row.spec)
    done = tuple(RunStep.objects.filter(run=row).order_by("id"))
    state = State(read_form(app, unseal(row.form, column="form", run=row.id)).values)
    for step in done:
        effect, state = next_effect(app, state)
        answer = answer_of(step, row.id)
        state = apply(
            state, step.step, typed(effect.step, answer) if isinstance(effect, AskEffect) else answer
        )
    return _Work(row, app, done, state)


def _read(work: _Work, effect: ReadEffect) -> str:
    text = text_of(work.row.id, effect.document)
    kept = remembered(work.done, work.row.id)
    RunStep.objects.create(
        run=work.row,
        step=effect.step.step,
        outcome=sealed_outcome(text, kept, step=effect.step.step, run=work.row),
    )
    return GO_ON


def _ask(work: _Work, effect: AskEffect) -> str:
    actor = actor_now(work.row.person_id)
    question = _question(work, effect)
    passage = _passage(work, effect, actor)
    outcome = portal.call(_through_the_gate, passage, question)
    if outcome is _CANCELLED:
        return RunState.CANCELLED.value
    if isinstance(outcome, Refused):
        return ending.refuse(work.row, outcome.reason, outcome.remedy)
    if isinstance(outcome, Failed):
        return ending.fail(work.row, outcome.reason, outcome.remedy)
    _keep(work, effect, question, outcome)
    typed(
        effect.step, outcome.text
    )  # an answer that does not fit ends the run with words, after it is paid for
    return GO_ON


def _question(work: _Work, effect: AskEffect) -> AskModel:
    template = approved_template(effect.step.template)
    model = asked_model(effect.step.model)
    return AskModel(
        model=model,
        template=template.reference,
        messages=fill(template, effect.slots),
        answer=format_of(effect.step.answer),
        max_tokens=most_tokens(effect.step.answer),
        masking=remembered(work.done, work.row.id),
        fallbacks=standing_in(model),
    )


def _passage(work: _Work, effect: AskEffect, actor: Actor | None) -> Passage:
    row, asks = work.row, effect.step
    known = resource(app_for(actor, row.app_id)) if actor is not None else Resource("App", str(row.app_id))
    data_class = work.app.data.class_.value
    return Passage(
        actor=actor,
        claims=(
            Claim(Action.RUN_APP, Resource("App", known.id, {**known.attributes, "data_class": data_class})),
        ),
        data_class=data_class,
        app=row.app_id,
        version=row.version,
        space=row.space_id,
        run=row.id,
        step=asks.step,
        expires_at=clock.now() + _CAPABILITY,
        patience_seconds=_PATIENCE_SECONDS,
        approver=approver_now(row.app_id, row.version, asks.template),
    )


def _append_text(run: UUID, step: str, text: str) -> None:
    with database_work():
        append(run, "text", {"step": step, "text": text})


async def _through_the_gate(passage: Passage, question: AskModel) -> Outcome | None:
    """Ask, letting checked text out as events; None when the run was cancelled meanwhile."""

    async def release(text: str) -> None:
        await anyio.to_thread.run_sync(_append_text, passage.run, passage.step, text)

    with anyio.CancelScope() as scope:
        cancelling.watch(passage.run, scope)
        try:
            return await gate().ask(passage, question, release)
        finally:
            cancelling.forget(passage.run)
    return _CANCELLED


@transaction.atomic
def _keep(work: _Work, effect: AskEffect, question: AskModel, answered: Answered) -> None:
    """Write the finished step and what it used, together."""
    row, step = work.row, effect.step.step
    RunStep.objects.create(
        run=row,
        step=step,
        template=question.template,
        model=answered.model.title,
        runs_here=bool(answered.model.resource.attributes.get("runs_here")),
        tokens_in=answered.usage.tokens_in,
        tokens_out=answered.usage.tokens_out,
        cost_nanodollars=answered.cost_nanodollars,
        milliseconds=round(answered.seconds * 1000),
        masked=dict(answered.screened.masked),
        withheld=dict(answered.screened.withheld),
        warnings=list(answered.warnings),
        entry=answered.entry,
        outcome=sealed_outcome(answered.text, answered.masking, step=step, run=row),
    )
    kept = Run.objects.select_for_update().get(id=row.id)
    kept.tokens_in += answered.usage.tokens_in
    kept.tokens_out += answered.usage.tokens_out
    kept.cost_nanodollars += answered.cost_nanodollars
    kept.masked += sum(answered.screened.masked.values())
    kept.withheld += sum(answered.screened.withheld.values())
    kept.save(update_fields=("tokens_in", "tokens_out", "cost_nanodollars", "masked", "withheld"))
