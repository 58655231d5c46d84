"""Choosing which models may answer when another cannot, and in which order.

Invariant: a stand-in is approved for at least the class of data of the model it stands in for, when it is chosen and
again each time it is used. One level is followed: the stand-ins of a stand-in are not asked.
Refuses: a model as its own stand-in, one that is off, and more than `MOST` of them.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from allotment.engine.principals import Actor
from allotment.engine.spec.app import DataClass
from allotment.journal.recording import note
from allotment.kernel.errors import Invalid
from allotment.llms.models import LanguageModel, StandIn
from allotment.llms.queries import model_row
from allotment.llms.rules import may_stand_in

MOST = 3


def choose_stand_ins(model_id: UUID, wanted: Sequence[UUID], actor: Actor) -> None:
    """Let exactly these models stand in, in this order; raises `Invalid` or `NotFound` for one that cannot."""
    with transaction.atomic():
        row = model_row(model_id)
        if len(wanted) > MOST:
            raise Invalid(
                gettext("At most %(most)d models can stand in for one.") % {"most": MOST},
                hint=gettext("Leave the last ones empty."),
                where="stand_ins",
            )
        if len(set(wanted)) < len(wanted):
            raise Invalid(
                gettext("A model is chosen twice."),
                hint=gettext("Choose each one once."),
                where="stand_ins",
            )
        chosen = [model_row(one) for one in wanted]
        for stand_in in chosen:
            _check(row, stand_in)
        row.stand_ins.all().delete()
        StandIn.objects.bulk_create(
            StandIn(model=row, stand_in=stand_in, position=position)
            for position, stand_in in enumerate(chosen)
        )
        note(
            "models.set-stand-ins",
            actor=actor.person,
            object_kind="model",
            object_id=str(row.id),
            title=row.title,
            stand_ins=", ".join(stand_in.title for stand_in in chosen),
        )


def _check(row: LanguageModel, stand_in: LanguageModel) -> None:
    said = {"title": stand_in.title, "model": row.title}
    if stand_in.pk == row.pk:
        raise Invalid(
            gettext("“%(title)s” cannot stand in for itself.") % said,
            hint=gettext("Choose another model."),
            where="stand_ins",
        )
    if not stand_in.is_on:
        raise Invalid(
            gettext("“%(title)s” is off, so it cannot stand in.") % said,
            hint=gettext("Turn it on first."),
            where="stand_ins",
        )
    if not may_stand_in(ceiling=DataClass(stand_in.ceiling), for_ceiling=DataClass(row.ceiling)):
        raise Invalid(
            gettext("“%(title)s” may not be asked everything that “%(model)s” may be asked.") % said,
            hint=gettext("Choose one that is approved for data at least as sensitive."),
            where="stand_ins",
        )
