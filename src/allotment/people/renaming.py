"""Changing one's own name."""

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.engine.recording import Personal
from allotment.journal.recording import note
from allotment.people.models import Person


@transaction.atomic
def rename(actor: Actor, name: str) -> None:
    """Give the actor's own account another name."""
    row = Person.objects.get(id=actor.person)
    before, row.name = row.name, name.strip()
    row.save(update_fields=["name"])
    note(
        Action.OWN_ACCOUNT,
        actor=actor.person,
        object_kind="person",
        object_id=str(actor.person),
        personal={"name": Personal(row.id, row.name), "name before": Personal(row.id, before)},
        what="renamed",
    )
