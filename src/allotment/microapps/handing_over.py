"""Handing over: an app always has an owner, and should have a deputy who can take over.

Invariant: only the deputy can become the owner; the former owner becomes the deputy, so nobody is left out.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.kernel.errors import Conflict, Invalid
from allotment.microapps.models import MicroApp
from allotment.microapps.queries import resource
from allotment.microapps.stored import held, summary_of
from allotment.microapps.surroundings import makers
from allotment.policies.deciding import require


@transaction.atomic
def name_deputy(app_id: UUID, actor: Actor, person: UUID | None) -> None:
    """Set who looks after the app when the owner is away: an active maker other than the owner, or nobody."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    if person == row.deputy_id:
        return
    if person is not None and (person == row.owner_id or person not in {maker.id for maker in makers()}):
        raise Invalid(
            _("A deputy is another person who may make apps."),
            hint=_("Choose one from the list."),
            where="deputy",
        )
    row.deputy_id = person
    row.save(update_fields=["deputy"])
    _note(row, actor, "deputy")


@transaction.atomic
def hand_over(app_id: UUID, actor: Actor) -> None:
    """Make the deputy the owner, and the owner the deputy."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    if row.deputy_id is None:
        raise Conflict(
            _("“%(title)s” has no deputy to hand over to.") % {"title": row.title},
            hint=_("Choose a deputy first."),
        )
    row.owner_id, row.deputy_id = row.deputy_id, row.owner_id
    row.save(update_fields=["owner", "deputy"])
    _note(row, actor, "owner")


def _note(row: MicroApp, actor: Actor, what: str) -> None:
    note(
        "apps.hand-over",
        actor=actor.person,
        object_kind="app",
        object_id=str(row.id),
        space=row.space_id,
        app=row.id,
        changed=what,
        owner=str(row.owner_id),
        deputy=str(row.deputy_id or ""),
    )
