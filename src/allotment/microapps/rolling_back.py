"""Rolling back: the working copy becomes an older version again. History stays; the older spec is saved anew."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from allotment.engine.actions import Action
from allotment.engine.principals import Actor
from allotment.kernel.errors import NotFound
from allotment.microapps.queries import resource
from allotment.microapps.saving import Saved, store_working
from allotment.microapps.stored import held, summary_of
from allotment.policies.deciding import require


@transaction.atomic
def roll_back(app_id: UUID, actor: Actor, number: int) -> Saved:
    """Replace the working copy by version `number`. What others run does not change until it is published."""
    row = held(app_id)
    require(actor, Action.EDIT_APP, resource(summary_of(row)))
    version = row.versions.filter(number=number).first()
    if version is None:
        raise NotFound(
            _("“%(title)s” has no version %(number)s.") % {"title": row.title, "number": number},
            hint=_("Choose one from the list of versions."),
        )
    return store_working(row, actor, version.spec, how=f"rolled back to version {number}")
