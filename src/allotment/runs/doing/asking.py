"""Asking a model: one passage through the gate, its checked text let out as it comes, its answer and cost kept.

Invariant: what a question rests on is read when it is asked and, if it has to wait, once more before it is sent. It has
a name that stays the same when a run is resumed, so that a provider which knows such names is paid once. The name tells
nothing of what is masked: what is asked goes into it under a key that never leaves.
"""

import hashlib
import hmac
from datetime import timedelta
from functools import partial
from uuid import UUID

import anyio
from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.answers import format_of, most_tokens, typed
from allotment.engine.gate.values import Answered, AskModel, Claim, Failed, Outcome, Passage, Refused
from allotment.engine.interpreter import AskEffect
from allotment.engine.principals import Resource
from allotment.engine.templates import Template, fill
from allotment.kernel import clock, portal
from allotment.microapps.queries import app_for, resource
from allotment.prompts.queries import approved_template
from allotment.runs import cancelling, ending
from allotment.runs.asking import actor_now, approver_now, asked_model, standing_in
from allotment.runs.describing_tables import table_text
from allotment.runs.events import append
from allotment.runs.gatehouse import gate
from allotment.runs.models import Run, RunState, RunStep
from allotment.runs.progress import sealed_outcome
from allotment.runs.tables import first_rows
from allotment.runs.working import Work
from allotment.web.worker_threads import database_work

_CAPABILITY = timedelta(minutes=10)
_PATIENCE_SECONDS = 30.0
"""How long a run waits for its turn: longer than the turns of a server that died stay taken, which is 14 seconds."""
_ROWS_ASKED_ABOUT = 30
_CANCELLED = None


def ask(work: Work, effect: AskEffect) -> str | None:
    """Ask, and keep the answer. Returns the final state of a run that ends here, else None.

    An answer that does not fit ends the run with words, after it is paid for.
    """
    question = _question(work, effect)
    outcome = portal.call(_through_the_gate, _passage(work, effect, question), question)
    if outcome is _CANCELLED:
        return RunState.CANCELLED.value
    if isinstance(outcome, Refused):
        return ending.refuse(work.row, outcome.reason, outcome.remedy)
    if isinstance(outcome, Failed):
        return ending.fail(work.row, outcome.reason, outcome.remedy)
    _keep(work, effect, question, outcome)
    typed(effect.step, outcome.text)
    return None


def _question(work: Work, effect: AskEffect) -> AskModel:
    template = approved_template(effect.step.template)
    model = asked_model(effect.step.model)
    return AskModel(
        model=model,
        template=template.reference,
        messages=fill(template, {**effect.slots, **_tables(work, effect, template)}),
        answer=format_of(effect.step.answer),
        max_tokens=most_tokens(effect.step.answer),
        masking=work.remembered,
        fallbacks=standing_in(model),
    )


def _tables(work: Work, effect: AskEffect, template: Template) -> dict[str, str]:
    """Return the first rows of the tables in slots, as many as the template takes."""
    most = {slot.name: slot.max_length for slot in template.slots}
    return {
        slot: table_text(first_rows(work, reference, _ROWS_ASKED_ABOUT), most.get(slot, 0))
        for slot, reference in effect.tables.items()
    }


def _passage(work: Work, effect: AskEffect, question: AskModel) -> Passage:
    row, asks = work.row, effect.step
    actor = actor_now(row.person_id)
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
        idempotency=f"{row.id}:{asks.step}:{_digest(row, question)}",
        again=partial(_passage_again, work, effect, question),
    )


async def _passage_again(work: Work, effect: AskEffect, question: AskModel) -> Passage:
    """Read anew on whose behalf this asks, while it waits on the gate's loop."""

    def read() -> Passage:
        with database_work():
            approved_template(effect.step.template)  # recalled meanwhile, it must not be asked with either
            return _passage(work, effect, question)

    return await anyio.to_thread.run_sync(read)


def _digest(row: Run, question: AskModel) -> str:
    """Return what tells this question from another one of the same step: a provider refuses one name for two.

    The key is the run's sealed form: random, stored, and known to nobody who is asked. Without one, a provider could
    try what stood in the place of a placeholder until the digest fits.
    """
    parts = [
        question.model.id,
        question.template,
        *(f"{one.role}:{one.content}" for one in question.messages),
    ]
    return hmac.new(bytes(row.form), "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:16]


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
def _keep(work: Work, effect: AskEffect, question: AskModel, answered: Answered) -> None:
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
