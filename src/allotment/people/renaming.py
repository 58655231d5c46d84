"""Changing one's own name."""

from django.db import transaction

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.journal.recording import note
from allotment.people.models import Person


@transaction.atomic
def rename(actor: Actor, name: str) -> None:
    """Give the actor's own account another name."""
    Person.objects.filter(id=actor.person).update(name=name.strip())
    note(
        Action.OWN_ACCOUNT,
        actor=actor.person,
        object_kind="person",
        object_id=str(actor.person),
        what="renamed",
    )
