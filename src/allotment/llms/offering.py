"""Offering models: turning them on and off, choosing the default, and the terms on which they are used.

Invariant: at most one default. Refuses: a default that is off, and restricted data for a model that does not
run on this machine.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from allotment.engine.principals import Actor
from allotment.engine.recording import Entry, Scalar
from allotment.engine.spec.app import DataClass
from allotment.journal.recording import record
from allotment.kernel import clock
from allotment.kernel.errors import Conflict, Invalid
from allotment.llms.models import LanguageModel
from allotment.llms.queries import model_row
from allotment.llms.rules import possible_ceilings, stays_here

MOST_TOKENS = 32_000


@dataclass(frozen=True)
class Terms:
    """What the organisation decides about a model."""

    title: str
    ceiling: DataClass
    max_tokens: int
    input_price: int | None
    """Nano-dollars per token; None for the published price."""
    output_price: int | None


def turn_on(model_id: UUID, actor: Actor) -> None:
    """Let people use this model."""
    with transaction.atomic():
        row = model_row(model_id)
        row.is_on = True
        row.save(update_fields=("is_on",))
        _note("models.offer", row, actor, ceiling=row.ceiling)


def turn_off(model_id: UUID, actor: Actor) -> None:
    """Stop this model for everyone; apps that name it say so and stop."""
    with transaction.atomic():
        row = model_row(model_id)
        row.is_on = row.is_default = False
        row.save(update_fields=("is_on", "is_default"))
        _note("models.withdraw", row, actor)


def make_default(model_id: UUID, actor: Actor) -> None:
    """Use this model wherever none is named; raises `Conflict` when it is off."""
    with transaction.atomic():
        row = model_row(model_id)
        if not row.is_on:
            raise Conflict(
                gettext("“%(title)s” is off, so it cannot be the default.") % {"title": row.title},
                hint=gettext("Turn it on first."),
            )
        LanguageModel.objects.filter(is_default=True).update(is_default=False)
        row.is_default = True
        row.save(update_fields=("is_default",))
        _note("models.prefer", row, actor)


def set_terms(model_id: UUID, terms: Terms, actor: Actor) -> None:
    """Keep new terms; raises `Invalid` at the field that cannot be."""
    with transaction.atomic():
        row = model_row(model_id)
        runs_here = stays_here(connection_runs_here=row.connection.runs_here, model_name=row.name)
        if terms.ceiling not in possible_ceilings(runs_here=runs_here):
            raise Invalid(
                gettext("Restricted data never goes to a model that does not run on this machine."),
                hint=gettext("Choose “confidential” or lower."),
                where="ceiling",
            )
        if not 0 < terms.max_tokens <= MOST_TOKENS:
            raise Invalid(
                gettext("An answer may have 1 to %(most)d tokens.") % {"most": MOST_TOKENS},
                where="max_tokens",
            )
        row.title, row.ceiling, row.max_tokens = terms.title, terms.ceiling.value, terms.max_tokens
        row.input_price, row.output_price = terms.input_price, terms.output_price
        row.save()
        _note("models.set-terms", row, actor, ceiling=row.ceiling, max_tokens=row.max_tokens)


def _note(action: str, row: LanguageModel, actor: Actor, **details: Scalar) -> None:
    told = {"title": row.title, **details}
    record(Entry(clock.now(), action, "done", actor.person, "model", str(row.id), details=told))
