"""Planting past runs: rows as real runs leave them, for demonstrations and measurements. No model is asked.

Invariant: a planted run is told by the same interpreter, sealed and journaled by the same functions as a real one,
and every entry about it is marked `demo`. Refuses: runs of apps the person may not run.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.answers import typed
from allotment.engine.forms import read_form
from allotment.engine.interpreter import AskEffect, Finished, ReadEffect, Stop, apply, next_effect
from allotment.engine.principals import Actor
from allotment.engine.state import State
from allotment.engine.templates import fill
from allotment.journal.recording import marking, note
from allotment.kernel import clock
from allotment.kernel.errors import Invalid
from allotment.microapps.queries import runnable
from allotment.prompts.queries import approved_template
from allotment.runs import cancelling, ending, starting
from allotment.runs.models import Run, RunStep
from allotment.runs.progress import sealed_outcome
from allotment.runs.results import plain_part
from allotment.screening.masking import Masking

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class PastModel:
    """The model that is said to have answered, with its prices and pace."""

    name: str
    title: str
    nanodollars_per_token_in: int
    nanodollars_per_token_out: int
    milliseconds_per_token: int


@dataclass(frozen=True)
class CutShort:
    """How a run ended before it had a result, with words for the person."""

    how: Literal["failed", "refused", "cancelled"]
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class PastRun:
    """What somebody once typed, and what they were answered."""

    at: datetime
    form: Mapping[str, str]
    answers: Mapping[str, str | int]
    """By the name of the asking step: a text, or the place of a choice, counted from 0."""
    cut_short: CutShort | None = None
    """None: the run went as the answers lead."""


@transaction.atomic
def plant(app: UUID, actor: Actor, past: PastRun, model: PastModel) -> UUID:
    """Store one past run of the published version with its steps, events and journal entries."""
    with marking(demo=True), clock.frozen(past.at):
        wanted = runnable(app, actor)
        run = starting.store(wanted, actor, past.form, {})
    return _Replay(Run.objects.get(id=run), actor, past, model).through()


class _Replay:
    """One past run on its way through the interpreter, with its own clock."""

    def __init__(self, row: Run, actor: Actor, past: PastRun, model: PastModel) -> None:
        self.row, self.actor, self.past, self.model = row, actor, past, model
        self.app = runnable(row.app_id, actor).spec
        self.at = past.at
        self.masking = Masking()

    def through(self) -> UUID:
        state = State(read_form(self.app, self.past.form).values)
        while True:
            effect, state = next_effect(self.app, state)
            if isinstance(effect, Finished | Stop | ReadEffect):
                self._end(effect)
                return self.row.id
            assert isinstance(effect, AskEffect), "past runs are of apps that ask models"  # noqa: S101 - our own data
            if self.past.cut_short is not None:
                self._cut_short(self.past.cut_short)
                return self.row.id
            state = apply(state, effect.step.step, typed(effect.step, self._ask(effect)))

    def _end(self, effect: Finished | Stop | ReadEffect) -> None:
        self.at += timedelta(milliseconds=40)
        with marking(demo=True), clock.frozen(self.at):
            if isinstance(effect, Finished):
                ending.finish(self.row, [plain_part(part) for part in effect.parts])
            elif isinstance(effect, Stop):
                ending.stop(self.row, effect.message)
            else:
                raise Invalid("A past run cannot read a document.", hint="Plant runs of another app.")

    def _cut_short(self, cut: CutShort) -> None:
        self.at += timedelta(seconds=3)
        with marking(demo=True), clock.frozen(self.at):
            if cut.how == "cancelled":
                cancelling.mark_cancelled(self.row.id, self.actor)
            elif cut.how == "refused":
                ending.refuse(self.row, cut.message, cut.remedy)
            else:
                ending.fail(self.row, cut.message, cut.remedy)

    def _ask(self, effect: AskEffect) -> str:
        step, given = effect.step, self.past.answers[effect.step.step]
        answer = given if isinstance(given, str) else step.answer.choice[given]
        masked: Counter[str] = Counter()
        asked = 0
        for message in fill(approved_template(step.template), effect.slots):
            screened = self.masking.mask(message.content)
            masked.update(finding.kind.value for finding in screened.findings)
            asked += len(screened.text) // _CHARACTERS_PER_TOKEN
        answered = max(1, len(answer) // _CHARACTERS_PER_TOKEN)
        used = _Used(asked, answered, self.model)
        self.at += timedelta(milliseconds=used.milliseconds)
        with marking(demo=True), clock.frozen(self.at):
            self._store(step.step, step.template, answer, used, masked)
        return answer

    def _store(self, step: str, template: str, answer: str, used: "_Used", masked: Mapping[str, int]) -> None:
        metered: dict[str, Any] = {
            "tokens_in": used.tokens_in,
            "tokens_out": used.tokens_out,
            "cost_nanodollars": used.cost_nanodollars,
            "milliseconds": used.milliseconds,
        }
        entry = note(
            Action.ASK_MODEL.value,
            actor=self.actor.person,
            object_kind="model",
            object_id=self.model.name,
            space=self.row.space_id,
            app=self.row.app_id,
            run=self.row.id,
            step=step,
            template=template,
            app_version=self.row.version,
            withheld=0,
            **{f"masked {kind}": count for kind, count in sorted(masked.items())} | metered,
        )
        RunStep.objects.create(
            run=self.row,
            step=step,
            template=template,
            model=self.model.title,
            masked=dict(masked),
            entry=entry,
            outcome=sealed_outcome(answer, self.masking.to_values(), step=step, run=self.row),
            **metered,
        )
        self.row.tokens_in += used.tokens_in
        self.row.tokens_out += used.tokens_out
        self.row.cost_nanodollars += used.cost_nanodollars
        self.row.masked += sum(masked.values())
        self.row.save(update_fields=("tokens_in", "tokens_out", "cost_nanodollars", "masked"))


@dataclass(frozen=True)
class _Used:
    """What one answer took."""

    tokens_in: int
    tokens_out: int
    model: PastModel

    @property
    def cost_nanodollars(self) -> int:
        return (
            self.tokens_in * self.model.nanodollars_per_token_in
            + self.tokens_out * self.model.nanodollars_per_token_out
        )

    @property
    def milliseconds(self) -> int:
        return 300 + self.tokens_out * self.model.milliseconds_per_token
